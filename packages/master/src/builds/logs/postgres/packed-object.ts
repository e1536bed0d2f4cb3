import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '../../objects/object-store.ts';
import { ObjectMissingError } from '../../objects/object-store.ts';
import type { PackedBytes } from '../packed-log.ts';
import { BadPackedLogError } from '../packed-log.ts';

/** Asked for at once: who reads a log reads on, and each question takes its time. */
const readAheadBytes = 512 * 1024;

/** A packed log that is an object: its parts are fetched as they are read. */
export class PackedObject implements PackedBytes {
  readonly size: number;
  readonly #objects: Pick<ObjectStore, 'read'>;
  readonly #sha256: string;
  /** What was fetched last. */
  #part: { from: number; bytes: Buffer } | undefined;

  constructor(
    objects: Pick<ObjectStore, 'read'>,
    { sha256, size }: { sha256: string; size: number },
  ) {
    this.#objects = objects;
    this.#sha256 = sha256;
    this.size = size;
  }

  async read(from: number, length: number): Promise<Buffer> {
    const known = this.#slice(from, length);
    if (known !== undefined) return known;
    // At the end there is nothing ahead: what stands before it is read next.
    const to = Math.min(this.size, from + Math.max(length, readAheadBytes));
    const begin = Math.max(0, Math.min(from, to - readAheadBytes));
    this.#part = { from: begin, bytes: await this.#fetch(begin, to) };
    const read = this.#slice(from, length);
    if (read === undefined) throw new BadPackedLogError('a packed log is cut off');
    return read;
  }

  /** @throws ObjectMissingError when it is not there; ObjectsAwayError when it can't be had now */
  async #fetch(from: number, to: number): Promise<Buffer> {
    try {
      return await buffer(await this.#objects.read(this.#sha256, { from, to }));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      throw new ObjectMissingError(this.#sha256, { cause: error });
    }
  }

  #slice(from: number, length: number): Buffer | undefined {
    if (this.#part === undefined) return undefined;
    const at = from - this.#part.from;
    if (at < 0 || at + length > this.#part.bytes.length) return undefined;
    return this.#part.bytes.subarray(at, at + length);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A packed log that came with its row. */
export function packedInMemory(bytes: Uint8Array): PackedBytes {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    size: whole.length,
    async read(from, length) {
      if (from + length > whole.length) throw new BadPackedLogError('a packed log is cut off');
      return whole.subarray(from, from + length);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
