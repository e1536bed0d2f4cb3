import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ObjectStore } from './object-store.ts';

/** Bytes that came for an object and are not those of its hash: they are gone again. */
export class WrongBytesError extends Error {
  override readonly name = 'WrongBytesError';
}

/** One build brings one object. */
export interface UploadKey {
  readonly build: number;
  readonly sha256: string;
}

/**
 * Objects on their way, as files that grow: they outlive the process. One that is whole has its hash
 * checked and is handed on; until it was taken it stays, and the next request tries again.
 */
export class ObjectUploads {
  readonly #dir: string;
  readonly #objects: Pick<ObjectStore, 'take'>;

  constructor(dir: string, objects: Pick<ObjectStore, 'take'>) {
    this.#dir = dir;
    this.#objects = objects;
  }

  /** How much of an upload is here. */
  async received(upload: UploadKey): Promise<number> {
    const found = await stat(this.#path(upload)).catch(ifMissing);
    return found?.size ?? 0;
  }

  /** Appends to an upload; what came before a cut is kept. At most `most` bytes are taken. */
  async append(upload: UploadKey, piece: Readable, most: number): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const file = createWriteStream(this.#path(upload), { flags: 'a', mode: 0o600 });
    await pipeline(piece, (source) => atMost(source as AsyncIterable<Buffer>, most), file);
  }

  /**
   * Checks a whole upload and hands it on.
   *
   * @throws WrongBytesError when its bytes have another hash; ObjectsAwayError when it must wait
   */
  async complete(upload: UploadKey): Promise<void> {
    const path = this.#path(upload);
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    if (hash.digest('hex') !== upload.sha256) {
      await rm(path);
      throw new WrongBytesError(`the bytes that came are not those of ${upload.sha256}`);
    }
    await this.#objects.take(upload.sha256, path);
  }

  /** Removes those that nobody has gone on with since then. */
  async sweep(time: number): Promise<void> {
    for (const name of (await readdir(this.#dir).catch(ifMissing)) ?? []) {
      const path = join(this.#dir, name);
      const found = await stat(path).catch(ifMissing);
      if (found !== undefined && found.mtimeMs < time) await rm(path, { force: true });
    }
  }

  #path({ build, sha256 }: UploadKey): string {
    return join(this.#dir, `${build}-${sha256}`);
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

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
