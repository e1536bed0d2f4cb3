import { countLineEnds, decompress } from './bytes.ts';
import type { ChunkRows, LogParts } from './log-parts.ts';
import type { Chunk } from './log-rows.ts';
import { endOf } from './log-rows.ts';

/** Takes away the bytes from `from` to `to`, and splits the chunks that hold more than those. */
export function removeSpan({ rows, edits }: LogParts, log: number, from: number, to: number): void {
  const first = straddling(rows, log, from);
  const last = straddling(rows, log, to);
  edits.removeChunks(log, from, to);
  if (first !== undefined) {
    const { chunk, raw } = first;
    edits.rewrite(log, chunk.row, raw.subarray(0, from - chunk.offset));
  }
  if (last !== undefined) {
    const { chunk, raw } = last;
    const removed = raw.subarray(0, to - chunk.offset);
    edits.insert(log, to, chunk.firstLine + countLineEnds(removed), raw.subarray(removed.length));
  }
}

/** The chunk that has bytes on both sides of `offset`. */
function straddling(
  rows: ChunkRows,
  log: number,
  offset: number,
): { chunk: Chunk; raw: Uint8Array } | undefined {
  const chunk = rows.startingBefore(log, offset);
  if (chunk === undefined || endOf(chunk) <= offset) return undefined;
  const data = rows.data(log, chunk);
  if (data === undefined) throw new Error(`the chunk of log ${log} at ${chunk.offset} is not here`);
  return { chunk, raw: decompress(data) };
}
