import { createReadStream, statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Look } from './look.ts';
import { lookAt } from './look.ts';
import type { ObjectPage, ObjectStore } from './object-store.ts';
import { beginsAsZstd, zstdMagicBytes } from './zstd-magic.ts';

/** Objects as files below one folder: `ab/abcd...`. */
export class ObjectFiles implements ObjectStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  // Thousands are asked for at the start: a call that waits for no other thread is the quickest.
  async bytesOf(sha256: string): Promise<number | undefined> {
    return statSync(this.#path(sha256), { throwIfNoEntry: false })?.size;
  }

  async read(sha256: string, { from, to }: { from: number; to: number }): Promise<Readable> {
    return createReadStream(this.#path(sha256), { start: from, end: to - 1 });
  }

  async isZstd(sha256: string): Promise<boolean> {
    await using file = await open(this.#path(sha256));
    const { buffer } = await file.read(Buffer.alloc(zstdMagicBytes), 0, zstdMagicBytes, 0);
    return beginsAsZstd(buffer);
  }

  async touch(sha256: string): Promise<void> {
    const now = new Date();
    await utimes(this.#path(sha256), now, now);
  }

  async take(sha256: string, file: string): Promise<void> {
    const folder = join(this.#dir, sha256.slice(0, 2));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await sync(file);
    await rename(file, this.#path(sha256));
    await sync(folder);
  }

  look(sha256: string): Promise<Look> {
    return lookAt(this.#path(sha256));
  }

  async removeDamaged(sha256: string, version: string): Promise<void> {
    const found = await stat(this.#path(sha256)).catch(ifMissing);
    if (found !== undefined && String(found.ino) === version) await this.remove(sha256);
  }

  /** One of the 256 folders is a page. */
  async untouchedSince(time: number, after: string | null): Promise<ObjectPage> {
    const number = after === null ? 0 : Number.parseInt(after, 16) + 1;
    const folder = hex(number);
    const names = await readdir(join(this.#dir, folder)).catch(ifMissing);
    const hashes: string[] = [];
    for (const name of names ?? []) {
      const found = await stat(join(this.#dir, folder, name)).catch(ifMissing);
      if (found !== undefined && found.mtimeMs < time) hashes.push(name);
    }
    return { hashes, next: number < 255 ? folder : null };
  }

  async remove(sha256: string): Promise<void> {
    await rm(this.#path(sha256), { force: true });
  }

  async check(): Promise<void> {}

  #path(sha256: string): string {
    return join(this.#dir, sha256.slice(0, 2), sha256);
  }
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

async function sync(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
