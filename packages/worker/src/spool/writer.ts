import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Range } from '@weir/protocol';
import { segmentPath } from './segments.ts';

export interface FinishedLog {
  /** How much was printed. */
  readonly bytes: number;
  /** What of it was kept. */
  readonly ranges: Range[];
  /** Of the kept bytes, in order; hexadecimal. */
  readonly sha256: string;
}

/** Tail segments are at most so large: the disk holds up to one more than the cap allows. */
const maxSegmentBytes = 8 * 1024 * 1024;

/**
 * Writes one log. Up to `capBytes` of it are kept: all, or the first quarter of the cap and
 * of the end as much as the rest of the cap holds.
 *
 * Writes are synchronous: the page cache takes them faster than a pipe delivers, and what was
 * appended can be read by the agent at once.
 */
export class SpoolWriter {
  readonly #dir: string;
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #segmentBytes: number;
  /** Starts of the segments that still exist, the head's first. */
  readonly #starts: number[] = [];
  #file = -1;
  #segmentEnd = 0;
  #total = 0;
  /** Of all that was printed. */
  readonly #hash = createHash('sha256');

  constructor(dir: string, capBytes: number) {
    this.#dir = dir;
    this.#headBytes = Math.floor(capBytes / 4);
    this.#tailBytes = capBytes - this.#headBytes;
    this.#segmentBytes = Math.max(1, Math.min(maxSegmentBytes, Math.ceil(this.#tailBytes / 8)));
  }

  get bytes(): number {
    return this.#total;
  }

  append(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#total === this.#segmentEnd) this.#openSegment();
      const length = Math.min(bytes.length - at, this.#segmentEnd - this.#total);
      const written = writeSync(this.#file, bytes, at, length);
      this.#hash.update(bytes.subarray(at, at + written));
      at += written;
      this.#total += written;
    }
  }

  /** Trims to the exact cap and hashes what was kept. */
  async finish(): Promise<FinishedLog> {
    this.#closeSegment();
    const keptFrom = Math.max(this.#headBytes, this.#total - this.#tailBytes);
    const isCut = keptFrom > this.#headBytes;
    if (isCut) await this.#trimTo(keptFrom);
    return {
      bytes: this.#total,
      ranges: this.#ranges(isCut, keptFrom),
      sha256: isCut ? await this.#hashKept() : this.#hash.digest('hex'),
    };
  }

  #ranges(isCut: boolean, keptFrom: number): Range[] {
    const all: Range[] = isCut
      ? [
          [0, this.#headBytes],
          [keptFrom, this.#total],
        ]
      : [[0, this.#total]];
    return all.filter(([from, to]) => from < to);
  }

  #openSegment(): void {
    this.#closeSegment();
    const isHead = this.#total < this.#headBytes;
    this.#segmentEnd = isHead ? this.#headBytes : this.#total + this.#segmentBytes;
    if (this.#total === 0) mkdirSync(this.#dir, { recursive: true });
    this.#file = openSync(segmentPath(this.#dir, this.#total), 'wx');
    this.#starts.push(this.#total);
    this.#dropBefore(this.#total - this.#tailBytes);
  }

  #closeSegment(): void {
    if (this.#file !== -1) closeSync(this.#file);
    this.#file = -1;
  }

  /** Drops the tail segments that lie wholly before `offset`. */
  #dropBefore(offset: number): void {
    const firstOfTail = this.#headBytes === 0 ? 0 : 1;
    for (;;) {
      const [oldest, next] = this.#starts.slice(firstOfTail, firstOfTail + 2);
      if (oldest === undefined || next === undefined || next > offset) return;
      rmSync(segmentPath(this.#dir, oldest));
      this.#starts.splice(firstOfTail, 1);
    }
  }

  /** Rewrites the oldest tail segment so that it begins at `offset`. */
  async #trimTo(offset: number): Promise<void> {
    this.#dropBefore(offset);
    const index = this.#headBytes === 0 ? 0 : 1;
    const oldest = this.#starts[index];
    if (oldest === undefined || oldest === offset) return;
    const from = segmentPath(this.#dir, oldest);
    const part = `${segmentPath(this.#dir, offset)}.part`;
    await pipeline(createReadStream(from, { start: offset - oldest }), createWriteStream(part));
    renameSync(part, segmentPath(this.#dir, offset));
    rmSync(from);
    this.#starts[index] = offset;
  }

  async #hashKept(): Promise<string> {
    const hash = createHash('sha256');
    for (const start of this.#starts) {
      const segment = createReadStream(segmentPath(this.#dir, start), { highWaterMark: 1 << 20 });
      for await (const chunk of segment) hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  }
}
