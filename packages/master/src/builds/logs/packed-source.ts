import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { behindLineEnd } from './bytes.ts';
import type { LogExtent, LogPiece, LogSource } from './log-source.ts';
import type { PackedIndex } from './packed-log.ts';
import { lastFrame, readFrame, readIndex } from './packed-log.ts';

/** A log in its last form. */
export class PackedSource implements LogSource {
  readonly extent: LogExtent;
  readonly #file: FileHandle;
  readonly #index: PackedIndex;

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
    const raw = await readFrame(this.#file, this.#index, number);
    return { fromByte, bytes: raw.subarray(fromByte - frame[1]) };
  }

  async startOfLine(line: number): Promise<number> {
    if (line <= 0) return 0;
    const number = lastFrame(this.#index, ([, , firstLine]) => firstLine < line);
    const frame = this.#index.frames[number];
    if (frame === undefined) return this.#index.bytes;
    const [, fromByte, firstLine] = frame;
    const raw = await readFrame(this.#file, this.#index, number);
    return fromByte + behindLineEnd(raw, line - firstLine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** The packed object at `path`; undefined when there is none. */
export async function openPacked(path: string): Promise<PackedSource | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return new PackedSource(file, await readIndex(file));
  } catch (error) {
    await file.close();
    throw error;
  }
}
