import type { Chunk, Cut, FinishRecord } from './log-rows.ts';

/** What is stored of logs, for who writes them: it answers at once. */
export interface ChunkRows {
  /** The chunk that holds the byte at `offset`, else the first one behind it. */
  at(log: number, offset: number): Chunk | undefined;
  /** The first chunk that starts at `offset` or later. */
  startingFrom(log: number, offset: number): Chunk | undefined;
  /** The last chunk that starts before `offset`. */
  startingBefore(log: number, offset: number): Chunk | undefined;
  last(log: number): Chunk | undefined;
  /** The compressed bytes of a chunk; undefined when they are not at hand. */
  data(log: number, chunk: Chunk): Uint8Array | undefined;
  cut(log: number): Cut | undefined;
  finished(log: number): FinishRecord | undefined;
}

/** Changes what is stored of logs, within their writer's transaction. */
export interface ChunkEdits {
  /** Returns the line ends in the chunk, and its row. */
  insert(
    log: number,
    offset: number,
    firstLine: number,
    raw: Uint8Array,
  ): { row: number; lines: number };
  /** Gives a chunk other bytes, from the same offset on. */
  rewrite(log: number, row: number, raw: Uint8Array): { row: number; lines: number };
  /** Takes away the chunks that start from `from` on and before `to`. */
  removeChunks(log: number, from: number, to: number): void;
  putCut(log: number, cut: Cut): void;
  dropCut(log: number): void;
  putFinished(log: number, record: FinishRecord): void;
}

/** Logs in the hands of their one writer, whatever holds them. */
export interface LogParts {
  readonly rows: ChunkRows;
  readonly edits: ChunkEdits;
}
