import type { Chunk } from '../log-rows.ts';
import { endOf } from '../log-rows.ts';
import type { BufferedRows } from './buffered-rows.ts';
import { chunkColumns } from './load-logs.ts';
import type { LogConnection } from './log-connection.ts';

/** Chunks fetched at once: a megabyte at most. */
const chunksAtOnce = 16;

export interface ChunkBytes extends Chunk {
  /** Compressed. */
  readonly data: Uint8Array;
}

/** Has the bytes of the stored chunks at hand that hold these places, or end there. */
export async function lendChunks(
  connection: LogConnection,
  { id, day, rows }: { id: number; day: string; rows: BufferedRows },
  places: readonly number[],
): Promise<void> {
  const chunks = places.map((place) => rows.startingBefore(id, place));
  const wanted = chunks.flatMap((chunk) =>
    chunk === undefined || rows.data(id, chunk) !== undefined ? [] : [chunk.offset],
  );
  if (wanted.length === 0) return;
  const found = await connection.query<{ start: number; data: Uint8Array }>(
    'select start, data from log_chunk where log_id = $1 and day = $2 and start = any ($3)',
    [id, day, wanted],
  );
  for (const { start, data } of found) rows.lend(start, data);
}

/** All chunks of a log, in order; each look sees what is stored by then. */
export async function* chunksFrom(
  connection: LogConnection,
  id: number,
): AsyncGenerator<ChunkBytes, void> {
  for (let offset = 0; ;) {
    const chunks = await connection.query<ChunkBytes>(
      `select ${chunkColumns}, data from log_chunk
       where log_id = $1 and day = (select day from log_head where log_id = $1) and start >= $2
       order by start limit ${chunksAtOnce}`,
      [id, offset],
    );
    yield* chunks;
    const last = chunks.at(-1);
    if (last === undefined || chunks.length < chunksAtOnce) return;
    offset = endOf(last);
  }
}
