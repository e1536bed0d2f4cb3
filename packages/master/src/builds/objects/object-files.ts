import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What zstd begins every file with. */
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Bytes that came for an object and are not those of its hash: they are gone again. */
export class WrongBytesError extends Error {
  override readonly name = 'WrongBytesError';
}

/**
 * Files by the SHA-256 of their bytes, below one folder: `ab/abcd...`. What is being uploaded lies in
 * `uploads/` until its hash is checked, so whatever has the name of a hash is whole.
 */
export class ObjectFiles {
  readonly #dir: string;

  constructor(dataDir: string) {
    this.#dir = join(dataDir, 'objects');
  }

  /** The size of an object, in bytes; undefined when it is not here. */
  bytesOf(sha256: string): number | undefined {
    return statSync(this.path(sha256), { throwIfNoEntry: false })?.size;
  }

  path(sha256: string): string {
    return join(this.#dir, sha256.slice(0, 2), sha256);
  }

  /** The bytes from `from`, and up to but not including `to`. */
  read(sha256: string, { from, to }: { from: number; to: number }): Readable {
    return createReadStream(this.path(sha256), { start: from, end: to - 1 });
  }

  /** Whether its bytes are packed: most are, but for what is read as it is. */
  async isZstd(sha256: string): Promise<boolean> {
    await using file = await open(this.path(sha256));
    const { buffer } = await file.read(Buffer.alloc(zstdMagic.length), 0, zstdMagic.length, 0);
    return buffer.equals(zstdMagic);
  }

  /** Keeps an object from being swept for another while: somebody is about to refer to it. */
  async touch(sha256: string): Promise<void> {
    const now = new Date();
    await utimes(this.path(sha256), now, now);
  }

  /** How much of an upload is here. */
  async received(build: number, sha256: string): Promise<number> {
    const found = await stat(this.#uploadPath(build, sha256)).catch(ifMissing);
    return found?.size ?? 0;
  }

  /** Appends to an upload; what came before a cut is kept. At most `most` bytes are taken. */
  async append(
    { build, sha256 }: { build: number; sha256: string },
    piece: Readable,
    most: number,
  ): Promise<void> {
    await mkdir(join(this.#dir, 'uploads'), { recursive: true, mode: 0o700 });
    const file = createWriteStream(this.#uploadPath(build, sha256), { flags: 'a', mode: 0o600 });
    await pipeline(piece, (source) => atMost(source as AsyncIterable<Buffer>, most), file);
  }

  /**
   * Checks a whole upload and gives it its name, on the disk for good.
   *
   * @throws WrongBytesError when its bytes have another hash
   */
  async complete(build: number, sha256: string): Promise<void> {
    const from = this.#uploadPath(build, sha256);
    const hash = createHash('sha256');
    await pipeline(createReadStream(from), hash);
    if (hash.digest('hex') !== sha256) {
      await rm(from);
      throw new WrongBytesError(`the bytes that came are not those of ${sha256}`);
    }
    const folder = join(this.#dir, sha256.slice(0, 2));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await sync(from);
    await rename(from, this.path(sha256));
    await sync(folder);
  }

  /** Removes a file that was found to be damaged, unless another has its name by now. */
  async removeDamaged(sha256: string, inode: number): Promise<void> {
    const found = await stat(this.path(sha256)).catch(ifMissing);
    if (found?.ino === inode) await rm(this.path(sha256), { force: true });
  }

  /** The hashes of the objects in one of the 256 folders, and of uploads that nobody touched since then. */
  async untouchedSince(time: number, folder: string): Promise<string[]> {
    const names = await readdir(join(this.#dir, folder)).catch(ifMissing);
    const old: string[] = [];
    for (const name of names ?? []) {
      const found = await stat(join(this.#dir, folder, name)).catch(ifMissing);
      if (found !== undefined && found.mtimeMs < time) old.push(name);
    }
    return old;
  }

  async remove(folder: string, name: string): Promise<void> {
    await rm(join(this.#dir, folder, name), { force: true });
  }

  #uploadPath(build: number, sha256: string): string {
    return join(this.#dir, 'uploads', `${build}-${sha256}`);
  }
}

async function* atMost(source: AsyncIterable<Buffer>, most: number): AsyncGenerator<Buffer> {
  let left = most;
  for await (const chunk of source) {
    if (chunk.length > left) throw new WrongBytesError('more came than the upload is long');
    left -= chunk.length;
    yield chunk;
  }
}

async function sync(path: string): Promise<void> {
  await using file = await open(path);
  await file.sync();
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
