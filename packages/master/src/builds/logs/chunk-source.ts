import type { Range } from '@weir/protocol';
import { behindLineEnd, decompress } from './bytes.ts';
import { keptBytes, keptOf, printedOf } from './kept.ts';
import type { Chunk, Cut, FinishRecord } from './log-rows.ts';
import { endOf } from './log-rows.ts';
import type { LogExtent, LogPiece, LogSource } from './log-source.ts';

const newline = 10;

type SoonOrNow<T> = T | Promise<T>;

/** What is stored of logs, for who reads them while they are written: see `ChunkRows`. */
export interface ReadRows {
  at(log: number, offset: number): SoonOrNow<Chunk | undefined>;
  startingBefore(log: number, offset: number): SoonOrNow<Chunk | undefined>;
  last(log: number): SoonOrNow<Chunk | undefined>;
  /** The chunk with the log's line end number `n`, counted from 1. */
  withLineEnd(log: number, n: number): SoonOrNow<Chunk | undefined>;
  /** The compressed bytes of a chunk; undefined when it is gone or was rewritten. */
  data(log: number, chunk: Chunk): SoonOrNow<Uint8Array | undefined>;
  cut(log: number): SoonOrNow<Cut | undefined>;
  finished(log: number): SoonOrNow<FinishRecord | undefined>;
}

/** A log that is in chunks: one that is being written, a small one, or one not packed yet. */
export class ChunkSource implements LogSource {
  readonly extent: LogExtent;
  readonly #id: number;
  readonly #rows: () => ReadRows;
  readonly #cut: Cut | undefined;

  private constructor(id: number, rows: () => ReadRows, cut: Cut | undefined, extent: LogExtent) {
    this.#id = id;
    this.#rows = rows;
    this.#cut = cut;
    this.extent = extent;
  }

  /** @param rows asked for anew at each use: between two, a file may be closed and opened again */
  static async open(id: number, rows: () => ReadRows): Promise<ChunkSource> {
    const cut = await rows().cut(id);
    return new ChunkSource(id, rows, cut, await measure(id, rows, cut));
  }

  async pieceAt(fromByte: number): Promise<LogPiece | undefined> {
    const printed = printedOf(this.extent, fromByte);
    const chunk = await this.#rows().at(this.#id, printed);
    if (chunk === undefined || chunk.offset > printed) return undefined;
    const bytes = (await this.#raw(chunk))?.subarray(printed - chunk.offset);
    // None: the chunk was split between the two queries.
    return bytes === undefined || bytes.length === 0 ? undefined : { fromByte, bytes };
  }

  async startOfLine(line: number): Promise<number> {
    if (line <= 0) return 0;
    const chunk = await this.#chunkWithLineEnd(line);
    const raw = chunk && (await this.#raw(chunk));
    if (chunk === undefined || raw === undefined) return this.extent.bytes;
    const before = chunk.firstLine - cutLines(chunk, this.#cut);
    const printed = chunk.offset + behindLineEnd(raw, line - before);
    return Math.min(keptOf(this.extent, printed), this.extent.bytes);
  }

  async #chunkWithLineEnd(n: number): Promise<Chunk | undefined> {
    const cut = this.#cut;
    if (cut === undefined) return this.#rows().withLineEnd(this.#id, n);
    const head = await this.#rows().startingBefore(this.#id, cut.from);
    const isInHead = head !== undefined && n <= head.firstLine + head.lines;
    return this.#rows().withLineEnd(this.#id, isInHead ? n : n + cut.lines);
  }

  async #raw(chunk: Chunk): Promise<Uint8Array | undefined> {
    const data = await this.#rows().data(this.#id, chunk);
    return data && decompress(data);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function measure(id: number, rows: () => ReadRows, cut: Cut | undefined): Promise<LogExtent> {
  const finished = await rows().finished(id);
  if (finished !== undefined) {
    const { bytes: printed, ranges, lines } = finished;
    return { printed, bytes: keptBytes(ranges), lines, ranges, isFinished: true };
  }
  const last = await rows().last(id);
  const printed = last === undefined ? (cut?.to ?? 0) : endOf(last);
  const ranges = rangesOf(printed, cut);
  let lines = 0;
  if (last !== undefined) {
    const data = await rows().data(id, last);
    const endsOpen = data !== undefined && decompress(data).at(-1) !== newline;
    lines = last.firstLine + last.lines - cutLines(last, cut) + (endsOpen ? 1 : 0);
  }
  return { printed, bytes: keptBytes(ranges), lines, ranges, isFinished: false };
}

/** Line ends before the chunk that were counted and then cut. */
function cutLines(chunk: Chunk, cut: Cut | undefined): number {
  return cut !== undefined && chunk.offset >= cut.to ? cut.lines : 0;
}

function rangesOf(printed: number, cut: Cut | undefined): Range[] {
  const all: Range[] =
    cut === undefined
      ? [[0, printed]]
      : [
          [0, cut.from],
          [cut.to, printed],
        ];
  return all.filter(([from, to]) => from < to);
}
