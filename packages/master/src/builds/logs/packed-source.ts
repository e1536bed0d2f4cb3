import { behindLineEnd } from './bytes.ts';
import type { LogExtent, LogPiece, LogSource } from './log-source.ts';
import type { PackedBytes, PackedIndex } from './packed-log.ts';
import { lastFrame, readFrame, readIndex } from './packed-log.ts';

/** A log in its last form. */
export class PackedSource implements LogSource {
  readonly extent: LogExtent;
  readonly #packed: PackedBytes;
  readonly #index: PackedIndex;
  /** The frame that was read last: what follows is mostly in it. */
  #last: { number: number; raw: Uint8Array } | undefined;

  constructor(packed: PackedBytes, index: PackedIndex) {
    this.#packed = packed;
    this.#index = index;
    const { printed, bytes, lines, ranges } = index;
    this.extent = { printed, bytes, lines, ranges, isFinished: true };
  }

  async pieceAt(fromByte: number): Promise<LogPiece | undefined> {
    const number = lastFrame(this.#index, ([, from]) => from <= fromByte);
    const frame = this.#index.frames[number];
    if (frame === undefined || fromByte >= this.#index.bytes) return undefined;
    const raw = await this.#read(number);
    return { fromByte, bytes: raw.subarray(fromByte - frame[1]) };
  }

  async startOfLine(line: number): Promise<number> {
    if (line <= 0) return 0;
    const number = lastFrame(this.#index, ([, , firstLine]) => firstLine < line);
    const frame = this.#index.frames[number];
    if (frame === undefined) return this.#index.bytes;
    const [, fromByte, firstLine] = frame;
    const raw = await this.#read(number);
    return fromByte + behindLineEnd(raw, line - firstLine);
  }

  async #read(number: number): Promise<Uint8Array> {
    if (this.#last?.number === number) return this.#last.raw;
    const raw = await readFrame(this.#packed, this.#index, number);
    this.#last = { number, raw };
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packed[Symbol.asyncDispose]();
  }
}

const maxKnown = 64;

/** Opens packed logs, and remembers the indexes of the last ones: an object never changes. */
export class PackedLogs {
  readonly #known = new Map<number, PackedIndex>();

  /** @param packed is closed with what this gives, or when there is no log in it */
  async open(id: number, packed: PackedBytes): Promise<PackedSource> {
    try {
      const index = this.#known.get(id) ?? (await readIndex(packed));
      this.#remember(id, index);
      return new PackedSource(packed, index);
    } catch (error) {
      await packed[Symbol.asyncDispose]();
      throw error;
    }
  }

  #remember(id: number, index: PackedIndex): void {
    this.#known.delete(id);
    this.#known.set(id, index);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
