import type { Range } from '@weir/protocol';
import type { Chunk, Cut, FinishRecord } from '../log-rows.ts';
import type { StoredLog } from './buffered-rows.ts';
import type { LogConnection } from './log-connection.ts';

/** What there is of a log besides its chunks, as the server has it. */
export interface HeadRow {
  readonly log_id: number;
  /** The day that its chunks are kept under, as `2026-11-21`. */
  readonly day: string;
  readonly stamp: string;
  readonly cut_from: number | null;
  readonly cut_to: number | null;
  readonly cut_lines: number | null;
  readonly bytes: number | null;
  readonly ranges_json: string | null;
  readonly lines: number | null;
  readonly sha256: string | null;
  readonly packed_bytes: number | null;
  readonly packed_sha256: string | null;
}

export const headColumns = `log_id, day::text as day, stamp, cut_from, cut_to, cut_lines, bytes,
  ranges_json, lines, sha256, packed_bytes, packed_sha256`;
export const chunkColumns =
  'start as row, start as "offset", bytes, first_line as "firstLine", lines';

export interface LoadedLog extends StoredLog {
  /** What it is stored under; undefined: nothing is. */
  readonly stamp: string | undefined;
  readonly day: string;
}

/** Logs as they are stored; those of which nothing is, begin today. */
export async function loadLogs(
  connection: LogConnection,
  ids: readonly number[],
): Promise<Map<number, LoadedLog>> {
  const heads = await connection.query<HeadRow & { today: string }>(
    `select l.id as log_id, coalesce(day, (now() at time zone 'utc')::date)::text as day, stamp,
       cut_from, cut_to, cut_lines, bytes, ranges_json, lines, sha256, packed_bytes, packed_sha256
     from unnest($1::bigint[]) as l (id) left join log_head on log_id = l.id`,
    [ids],
  );
  const live = heads.filter((head) => head.stamp !== null && head.packed_bytes === null);
  const chunks = live.length === 0 ? [] : await loadChunks(connection, live);
  const chunksOf = Map.groupBy(chunks, ({ log }) => log);
  return new Map(
    heads.map((head) => [
      head.log_id,
      {
        stamp: head.stamp ?? undefined,
        day: head.day,
        chunks: (chunksOf.get(head.log_id) ?? []).map(({ chunk }) => chunk),
        cut: cutOf(head),
        finished: finishOf(head),
      },
    ]),
  );
}

async function loadChunks(
  connection: LogConnection,
  heads: readonly HeadRow[],
): Promise<{ log: number; chunk: Chunk }[]> {
  const rows = await connection.query<Chunk & { log_id: number }>(
    `select c.log_id, ${chunkColumns} from unnest($1::bigint[], $2::date[]) as l (id, of_day)
     join log_chunk c on c.log_id = l.id and c.day = l.of_day order by c.log_id, start`,
    [heads.map((head) => head.log_id), heads.map(({ day }) => day)],
  );
  return rows.map(({ log_id: log, ...chunk }) => ({ log, chunk }));
}

export function cutOf({ cut_from: from, cut_to: to, cut_lines: lines }: HeadRow): Cut | undefined {
  return from === null || to === null || lines === null ? undefined : { from, to, lines };
}

export function finishOf(head: HeadRow): FinishRecord | undefined {
  const { bytes, lines, sha256, ranges_json: json } = head;
  if (bytes === null || lines === null || sha256 === null || json === null) return undefined;
  const ranges = JSON.parse(json) as Range[];
  return { bytes, ranges, lines, sha256, isToPack: head.packed_bytes === null };
}
