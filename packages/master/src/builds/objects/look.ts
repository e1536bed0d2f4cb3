import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

/** What a file of an object was found to be. */
export type Look =
  | { readonly t: 'read'; readonly sha256: string; readonly inode: number }
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
    const { ino: inode } = await file.stat();
    const hash = createHash('sha256');
    await pipeline(file.createReadStream({ autoClose: false }), hash);
    return { t: 'read', sha256: hash.digest('hex'), inode };
  } catch (error) {
    const { code, message: text } = error as NodeJS.ErrnoException;
    return { t: goneCodes.includes(code) ? 'gone' : 'unread', text };
  }
}
