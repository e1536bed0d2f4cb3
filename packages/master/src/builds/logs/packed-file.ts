import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { PackedBytes } from './packed-log.ts';
import { BadPackedLogError } from './packed-log.ts';

/** A packed log in a file of its own; undefined when there is no such file. */
export async function openPackedFile(path: string): Promise<PackedBytes | undefined> {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    return {
      size,
      async read(from, length) {
        const buffer = Buffer.alloc(length);
        const { bytesRead } = await file.read(buffer, 0, length, from);
        if (bytesRead < length) throw new BadPackedLogError('a packed log is cut off');
        return buffer;
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
