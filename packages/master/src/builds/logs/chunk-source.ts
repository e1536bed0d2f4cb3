import type { Range } from '@weir/protocol';
import { behindLineEnd, decompress } from './bytes.ts';
import { keptBytes, keptOf, printedOf } from './kept.ts';
import type { Chunk, Cut, LogRows } from './log-rows.ts';
import { endOf } from './log-rows.ts';
import type { LogExtent, LogPiece, LogSource } from './log-source.ts';

const newline = 10;

/** A log whose chunks are in a log file: one that is being written, a small one, or one not packed yet. */
export class ChunkSource implements LogSource {
  readonly extent: LogExtent;
  readonly #id: number;
  readonly #rows: () => LogRows;
  readonly #cut: Cut | undefined;

  /** @param rows asked for anew at each use: between two, the file may be closed and opened again */
  constructor(id: number, rows: () => LogRows) {
    this.#id = id;
    this.#rows = rows;
    this.#cut = rows().cut(id);
    this.extent = this.#measure();
  }

  #measure(): LogExtent {
    const finished = this.#rows().finished(this.#id);
    if (finished !== undefined) {
      const { bytes: printed, ranges, lines } = finished;
      return { printed, bytes: keptBytes(ranges), lines, ranges, isFinished: true };
    }
    const last = this.#rows().last(this.#id);
    const printed = last === undefined ? (this.#cut?.to ?? 0) : endOf(last);
    const ranges = rangesOf(printed, this.#cut);
    const lines = last === undefined ? 0 : this.#linesUpTo(last);
    return { printed, bytes: keptBytes(ranges), lines, ranges, isFinished: false };
  }

  #linesUpTo(last: Chunk): number {
    const ends = last.firstLine + last.lines - this.#cutLines(last);
    const raw = this.#raw(last);
    return raw === undefined || raw.at(-1) === newline ? ends : ends + 1;
  }

  async pieceAt(fromByte: number): Promise<LogPiece | undefined> {
    const printed = printedOf(this.extent, fromByte);
    const chunk = this.#rows().at(this.#id, printed);
    if (chunk === undefined || chunk.offset > printed) return undefined;
    const bytes = this.#raw(chunk)?.subarray(printed - chunk.offset);
    // None: the chunk was split between the two queries.
    return bytes === undefined || bytes.length === 0 ? undefined : { fromByte, bytes };
  }

  async startOfLine(line: number): Promise<number> {
    if (line <= 0) return 0;
    const chunk = this.#chunkWithLineEnd(line);
    const raw = chunk && this.#raw(chunk);
    if (chunk === undefined || raw === undefined) return this.extent.bytes;
    const before = chunk.firstLine - this.#cutLines(chunk);
    const printed = chunk.offset + behindLineEnd(raw, line - before);
    return Math.min(keptOf(this.extent, printed), this.extent.bytes);
  }

  #chunkWithLineEnd(n: number): Chunk | undefined {
    const rows = this.#rows();
    const cut = this.#cut;
    if (cut === undefined) return rows.withLineEnd(this.#id, n);
    const head = rows.startingBefore(this.#id, cut.from);
    const isInHead = head !== undefined && n <= head.firstLine + head.lines;
    return rows.withLineEnd(this.#id, isInHead ? n : n + cut.lines);
  }

  /** Line ends before the chunk that were counted and then cut. */
  #cutLines(chunk: Chunk): number {
    return this.#cut !== undefined && chunk.offset >= this.#cut.to ? this.#cut.lines : 0;
  }

  #raw(chunk: Chunk): Uint8Array | undefined {
    const data = this.#rows().data(this.#id, chunk);
    return data && decompress(data);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
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
