import { compressChunk, countLineEnds } from '../bytes.ts';
import type { ChunkEdits, ChunkRows } from '../log-parts.ts';
import type { Chunk, Cut, FinishRecord } from '../log-rows.ts';
import { endOf } from '../log-rows.ts';

/** What is stored of one log, as it was read. */
export interface StoredLog {
  /** In the order of their offsets. */
  readonly chunks: Chunk[];
  readonly cut: Cut | undefined;
  readonly finished: FinishRecord | undefined;
}

/** What a transaction changes. */
export interface LogChanges {
  readonly written: readonly { readonly chunk: Chunk; readonly data: Uint8Array }[];
  /** Offsets of chunks that go. */
  readonly removed: readonly number[];
  readonly cut: Cut | undefined;
  readonly finished: FinishRecord | undefined;
}

/**
 * The rows of one log in memory, without most of their bytes; gathers what a transaction changes.
 * The row of a chunk is its offset.
 */
export class BufferedRows implements ChunkRows, ChunkEdits {
  readonly #chunks: Chunk[];
  /** Compressed, by offset: of chunks of this transaction, and of those that were asked for. */
  readonly #data = new Map<number, Uint8Array>();
  readonly #written = new Set<number>();
  readonly #removed = new Set<number>();
  #cut: Cut | undefined;
  #finished: FinishRecord | undefined;
  #isChanged = false;

  constructor({ chunks, cut, finished }: StoredLog) {
    this.#chunks = chunks;
    this.#cut = cut;
    this.#finished = finished;
  }

  /** How much memory it takes, roughly: in chunks. */
  get size(): number {
    return this.#chunks.length;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Bytes of a stored chunk are at hand until the next commit. */
  lend(offset: number, data: Uint8Array): void {
    this.#data.set(offset, data);
  }

  changes(): LogChanges {
    const written = [...this.#written].flatMap((offset) => {
      const chunk = this.#chunks[this.#countBefore(offset)];
      const data = this.#data.get(offset);
      return chunk === undefined || data === undefined ? [] : [{ chunk, data }];
    });
    return { written, removed: [...this.#removed], cut: this.#cut, finished: this.#finished };
  }

  /** All changes are stored. */
  committed(): void {
    this.#data.clear();
    this.#written.clear();
    this.#removed.clear();
    this.#isChanged = false;
  }

  at(log: number, offset: number): Chunk | undefined {
    const chunk = this.#chunks[this.#countBefore(offset + 1) - 1];
    if (chunk !== undefined && endOf(chunk) > offset) return chunk;
    return this.startingFrom(log, offset);
  }

  startingFrom(_log: number, offset: number): Chunk | undefined {
    return this.#chunks[this.#countBefore(offset)];
  }

  startingBefore(_log: number, offset: number): Chunk | undefined {
    return this.#chunks[this.#countBefore(offset) - 1];
  }

  last(): Chunk | undefined {
    return this.#chunks.at(-1);
  }

  data(_log: number, { offset }: Chunk): Uint8Array | undefined {
    return this.#data.get(offset);
  }

  cut(): Cut | undefined {
    return this.#cut;
  }

  finished(): FinishRecord | undefined {
    return this.#finished;
  }

  insert(_log: number, offset: number, firstLine: number, raw: Uint8Array) {
    const lines = countLineEnds(raw);
    const chunk = { row: offset, offset, bytes: raw.length, firstLine, lines };
    this.#chunks.splice(this.#countBefore(offset), 0, chunk);
    this.#write(offset, raw);
    return { row: offset, lines };
  }

  rewrite(_log: number, row: number, raw: Uint8Array) {
    const place = this.#countBefore(row);
    const chunk = this.#chunks[place];
    if (chunk?.offset !== row) throw new Error(`there is no chunk at ${row}`);
    const lines = countLineEnds(raw);
    this.#chunks[place] = { ...chunk, bytes: raw.length, lines };
    this.#write(row, raw);
    return { row, lines };
  }

  #write(offset: number, raw: Uint8Array): void {
    this.#data.set(offset, compressChunk(raw));
    this.#written.add(offset);
    this.#removed.delete(offset);
    this.#isChanged = true;
  }

  removeChunks(_log: number, from: number, to: number): void {
    const first = this.#countBefore(from);
    for (const { offset } of this.#chunks.splice(first, this.#countBefore(to) - first)) {
      this.#written.delete(offset);
      this.#data.delete(offset);
      this.#removed.add(offset);
      this.#isChanged = true;
    }
  }

  putCut(_log: number, cut: Cut): void {
    this.#cut = cut;
    this.#isChanged = true;
  }

  dropCut(): void {
    this.#cut = undefined;
    this.#isChanged = true;
  }

  putFinished(_log: number, record: FinishRecord): void {
    this.#finished = record;
    this.#isChanged = true;
  }

  /** How many chunks start before `offset`. */
  #countBefore(offset: number): number {
    let low = 0;
    let high = this.#chunks.length;
    // Mostly it is behind the last one.
    const last = this.#chunks.at(-1);
    if (last === undefined || last.offset < offset) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.#chunks[middle];
      if (chunk !== undefined && chunk.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
