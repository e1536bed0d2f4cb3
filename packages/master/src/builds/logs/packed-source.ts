import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { behindLineEnd } from './bytes.ts';
import type { LogExtent, LogPiece, LogSource } from './log-source.ts';
import type { PackedIndex } from './packed-log.ts';
import { lastFrame, readFrame, readIndex } from './packed-log.ts';
import { packedPath } from './paths.ts';

/** A log in its last form. */
export class PackedSource implements LogSource {
  readonly extent: LogExtent;
  readonly #file: FileHandle;
  readonly #index: PackedIndex;
  /** The frame that was read last: what follows is mostly in it. */
  #last: { number: number; raw: Uint8Array } | undefined;

  constructor(file: FileHandle, index: PackedIndex) {
    this.#file = file;
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
    const raw = await readFrame(this.#file, this.#index, number);
    this.#last = { number, raw };
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

const maxKnown = 64;

/** Opens packed logs, and remembers the indexes of the last ones: an object never changes. */
export class PackedLogs {
  readonly #dir: string;
  readonly #known = new Map<number, PackedIndex>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The log in its last form; undefined when it has none yet. */
  async open(id: number): Promise<PackedSource | undefined> {
    const file = await openIfThere(packedPath(this.#dir, id));
    if (file === undefined) return undefined;
    try {
      const index = this.#known.get(id) ?? (await readIndex(file));
      this.#remember(id, index);
      return new PackedSource(file, index);
    } catch (error) {
      await file.close();
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

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
