import { randomUUID } from 'node:crypto';
import type { LogChanges } from './buffered-rows.ts';
import type { LogClient } from './log-connection.ts';

/** One log of a transaction. */
export interface LogCommit {
  readonly id: number;
  readonly day: string;
  /** What it was stored under when it was read; undefined: nothing was. */
  readonly stamp: string | undefined;
  /** Undefined: it is only to be as it was read. */
  readonly changes: LogChanges | undefined;
}

/** Another engine has written these logs since they were read. */
export class StaleLogsError extends Error {
  override readonly name = 'StaleLogsError';
}

/**
 * Commits the changes of logs in one transaction, if all of these are as they were read; the stamps
 * that they are stored under then. A stamp is never used twice, so that one from before a crash of
 * the server, which lost the last commits, is none of what was written after it.
 *
 * @throws StaleLogsError when any is not: nothing is changed then
 */
export async function commitLogs(
  client: LogClient,
  logs: readonly LogCommit[],
  { isDurable }: { isDurable: boolean },
): Promise<Map<number, string>> {
  const stamps = new Map(logs.map(({ id }) => [id, randomUUID()]));
  // A crash of the server may lose the last moments of a log: its sender has them still.
  const begin = isDurable ? 'begin' : 'begin; set local synchronous_commit = off';
  try {
    await Promise.all([client.send(begin), lockLogs(client, logs, stamps)]);
    await Promise.all([...writeLogs(client, logs, stamps), client.send('commit')]);
  } catch (error) {
    client.send('rollback').catch(() => {});
    throw error;
  }
  return stamps;
}

/** @throws StaleLogsError */
async function lockLogs(
  client: LogClient,
  logs: readonly LogCommit[],
  stamps: ReadonlyMap<number, string>,
): Promise<void> {
  const fresh = logs.filter((log) => log.stamp === undefined && log.changes !== undefined);
  const [, rows] = await Promise.all([
    fresh.length === 0 ? [] : insertHeads(client, fresh, stamps),
    // In the order of the ids: two engines never wait for each other.
    client.send<{ log_id: number; stamp: string }>(
      'select log_id, stamp from log_head where log_id = any ($1) order by log_id for update',
      [logs.map(({ id }) => id)],
    ),
  ]);
  const stored = new Map(rows.map((row) => [row.log_id, row.stamp]));
  for (const { id, stamp, changes } of logs) {
    const expected = stamp ?? (changes === undefined ? undefined : stamps.get(id));
    if (stored.get(id) !== expected) throw new StaleLogsError(`log ${id} was written by another`);
  }
}

function insertHeads(
  client: LogClient,
  logs: readonly LogCommit[],
  stamps: ReadonlyMap<number, string>,
): Promise<unknown> {
  return client.send(
    `insert into log_head (log_id, day, stamp)
     select * from unnest($1::bigint[], $2::date[], $3::text[]) order by 1
     on conflict do nothing`,
    [logs.map(({ id }) => id), logs.map(({ day }) => day), logs.map(({ id }) => stamps.get(id))],
  );
}

function writeLogs(
  client: LogClient,
  logs: readonly LogCommit[],
  stamps: ReadonlyMap<number, string>,
): Promise<unknown>[] {
  const changed = logs.flatMap(({ id, day, changes }) =>
    changes === undefined ? [] : [{ id, day, stamp: stamps.get(id), ...changes }],
  );
  if (changed.length === 0) return [];
  const removed = changed.flatMap(({ id, day, removed: offsets }) =>
    offsets.map((offset) => ({ id, day, offset })),
  );
  const written = changed.flatMap(({ id, day, written: chunks }) =>
    chunks.map(({ chunk, data }) => ({ id, day, chunk, data })),
  );
  return [
    removed.length === 0 ? Promise.resolve() : removeChunks(client, removed),
    written.length === 0 ? Promise.resolve() : putChunks(client, written),
    client.send(
      `update log_head set stamp = n.stamp, cut_from = n.cut_from, cut_to = n.cut_to,
         cut_lines = n.cut_lines, bytes = n.bytes, ranges_json = n.ranges_json, lines = n.lines,
         sha256 = n.sha256, finished_at = case when n.sha256 is null then null else now() end
       from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
         $6::bigint[], $7::text[], $8::bigint[], $9::text[])
         as n (id, stamp, cut_from, cut_to, cut_lines, bytes, ranges_json, lines, sha256)
       where log_id = n.id`,
      [
        changed.map(({ id }) => id),
        changed.map(({ stamp }) => stamp),
        changed.map(({ cut }) => cut?.from ?? null),
        changed.map(({ cut }) => cut?.to ?? null),
        changed.map(({ cut }) => cut?.lines ?? null),
        changed.map(({ finished }) => finished?.bytes ?? null),
        changed.map(({ finished }) => (finished ? JSON.stringify(finished.ranges) : null)),
        changed.map(({ finished }) => finished?.lines ?? null),
        changed.map(({ finished }) => finished?.sha256 ?? null),
      ],
    ),
  ];
}

function removeChunks(
  client: LogClient,
  removed: readonly { id: number; day: string; offset: number }[],
): Promise<unknown> {
  return client.send(
    `delete from log_chunk c using unnest($1::bigint[], $2::date[], $3::bigint[]) as n (id, day, start)
     where c.log_id = n.id and c.day = n.day and c.start = n.start`,
    [removed.map(({ id }) => id), removed.map(({ day }) => day), removed.map((one) => one.offset)],
  );
}

/** All bytes are one parameter, which goes as it is; as many of them would go as text, twice as long. */
function putChunks(
  client: LogClient,
  written: readonly {
    id: number;
    day: string;
    chunk: { offset: number; bytes: number; firstLine: number; lines: number };
    data: Uint8Array;
  }[],
): Promise<unknown> {
  const starts: number[] = [];
  let at = 1;
  for (const { data } of written) {
    starts.push(at);
    at += data.length;
  }
  return client.send(
    `insert into log_chunk (day, log_id, start, bytes, first_line, lines, data)
     select day, id, start, bytes, first_line, lines, substring($9::bytea from at for length)
     from unnest($1::date[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
       $7::integer[], $8::integer[]) as n (day, id, start, bytes, first_line, lines, at, length)
     on conflict (log_id, start, day) do update
       set bytes = excluded.bytes, first_line = excluded.first_line, lines = excluded.lines, data = excluded.data`,
    [
      written.map(({ day }) => day),
      written.map(({ id }) => id),
      written.map(({ chunk }) => chunk.offset),
      written.map(({ chunk }) => chunk.bytes),
      written.map(({ chunk }) => chunk.firstLine),
      written.map(({ chunk }) => chunk.lines),
      starts,
      written.map(({ data }) => data.length),
      Buffer.concat(written.map(({ data }) => data)),
    ],
  );
}
