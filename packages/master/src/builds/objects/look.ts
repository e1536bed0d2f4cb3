import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** What an object was found to be. The version tells it from another that takes its place. */
export type Look =
  | { readonly t: 'read'; readonly sha256: string; readonly version: string }
  /** There are no bytes to be had, now or later. */
  | { readonly t: 'gone'; readonly text: string }
  /** That says nothing about the object. */
  | { readonly t: 'unread'; readonly text: string };

/** `EIO`: the disk can't read it. */
const goneCodes: readonly unknown[] = ['ENOENT', 'EIO'];

/** Reads a whole file. */
export async function lookAt(path: string): Promise<Look> {
  try {
    await using file = await open(path);
    const { ino } = await file.stat();
    const hash = createHash('sha256');
    await pipeline(file.createReadStream({ autoClose: false }), hash);
    return { t: 'read', sha256: hash.digest('hex'), version: String(ino) };
  } catch (error) {
    const { code, message: text } = error as NodeJS.ErrnoException;
    return { t: goneCodes.includes(code) ? 'gone' : 'unread', text };
  }
}
