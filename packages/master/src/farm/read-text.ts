import { Buffer, isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';

/** A farm of 1,000 projects needs about 300 KiB. */
export const maxFarmFileBytes = 1024 * 1024;

/** The text of a file, or in a few words why there is none. */
export type TextOrProblem = { readonly text: string } | { readonly problem: string };

export async function readText(path: string): Promise<TextOrProblem> {
  try {
    return checkedText(await readAtMost(path, maxFarmFileBytes + 1));
  } catch (error) {
    return { problem: `can't be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** What a file holds as text, if it can be that of a farm file. */
export function checkedText(bytes: Buffer): TextOrProblem {
  if (bytes.length > maxFarmFileBytes) return { problem: 'larger than 1 MiB' };
  if (!isUtf8(bytes)) return { problem: 'no UTF-8 text' };
  // The byte order mark of some editors is no part of the text.
  return { text: bytes.toString('utf8').replace(/^\uFEFF/, '') };
}

async function readAtMost(path: string, max: number): Promise<Buffer> {
  await using file = await open(path);
  const buffer = Buffer.alloc(max);
  let length = 0;
  while (length < max) {
    const { bytesRead } = await file.read(buffer, length, max - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
