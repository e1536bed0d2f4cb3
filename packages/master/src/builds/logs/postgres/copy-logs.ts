import { randomUUID } from 'node:crypto';
import type { Range } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LogRow } from '../../../store/logs.ts';
import type { Database } from '../../../store/schema.ts';
import { LogFiles } from '../log-files.ts';
import type { FinishRecord } from '../log-rows.ts';
import { endOf } from '../log-rows.ts';
import { ReadFiles } from '../read-files.ts';
import { LogReader } from '../reader.ts';
import { LogConnection } from './log-connection.ts';
import { restDay } from './log-days.ts';
import type { PackedPlace } from './put-packed.ts';
import { fitsInRow, packInMemory, packIntoObject } from './put-packed.ts';

/** Logs looked up at once. */
const logsAtOnce = 500;

export interface CopyLogsOptions extends PackedPlace {
  /** The store whose logs these are. */
  readonly source: Kysely<Database>;
  /** Folder of its log files, which nobody writes. */
  readonly dir: string;
  /** The database, with its schema. */
  readonly url: string;
  readonly progress: (text: string) => void;
}

export interface CopiedLogs {
  readonly logs: number;
  /** Of those, in objects. */
  readonly objects: number;
  /** Ids of logs that are damaged in the files: they were left out. */
  readonly damaged: readonly number[];
}

/**
 * Moves logs from files to a database and its objects: finished ones packed and checked by their hash,
 * others as they are, to be gone on with. What was moved before is not moved again. The files stay.
 */
export async function copyLogs(options: CopyLogsOptions): Promise<CopiedLogs> {
  const { source, dir, url, progress } = options;
  await using connection = new LogConnection(url);
  using files = new ReadFiles(dir);
  using reader = new LogReader(new LogFiles(dir));
  const copied = { logs: 0, objects: 0, damaged: [] as number[] };
  for (let after = 0; ;) {
    const rows = await source
      .selectFrom('log')
      .selectAll()
      .where('id', '>', after)
      .where('dropped_at', 'is', null)
      .orderBy('id')
      .limit(logsAtOnce)
      .execute();
    const last = rows.at(-1);
    if (last === undefined) return copied;
    after = last.id;
    const known = await idsAmong(connection, rows);
    for (const row of rows) {
      const isObject =
        known.get(row.id) ?? (await copyLog({ ...options, connection, files, reader }, row));
      if (isObject === 'damaged') copied.damaged.push(row.id);
      else if (isObject !== undefined) copied.logs += 1;
      if (isObject === true) copied.objects += 1;
    }
    progress(`logs ${copied.logs}`);
  }
}

interface Copy extends PackedPlace {
  readonly connection: LogConnection;
  readonly files: ReadFiles;
  readonly reader: LogReader;
}

/** Those that are there already: whether each is an object. */
async function idsAmong(
  connection: LogConnection,
  rows: readonly LogRow[],
): Promise<Map<number, boolean>> {
  const found = await connection.query<{ log_id: number; is_object: number }>(
    `select log_id, packed_sha256 is not null as is_object from log_head where log_id = any ($1)`,
    [rows.map(({ id }) => id)],
  );
  return new Map(found.map((row) => [row.log_id, row.is_object === 1]));
}

/** Whether it is an object; undefined: there is nothing of it. */
async function copyLog(copy: Copy, row: LogRow): Promise<boolean | 'damaged' | undefined> {
  const rows = copy.files.rows(row.file);
  const record = rows?.finished(row.id) ?? recordOf(row);
  if (record === undefined) return (await copyChunks(copy, row)) ? false : undefined;
  let packed;
  try {
    packed = await pack(copy, row, record);
  } catch (error) {
    if (saysDamaged(error)) return 'damaged';
    throw error;
  }
  const { bytes, ranges, lines, sha256 } = record;
  await copy.connection.query(
    `insert into log_head (log_id, day, stamp, bytes, ranges_json, lines, sha256, finished_at,
       packed_bytes, packed_sha256, packed)
     values ($1, '${restDay}', $2, $3, $4, $5, $6, now(), $7, $8, $9)`,
    [
      row.id,
      randomUUID(),
      bytes,
      JSON.stringify(ranges),
      lines,
      sha256,
      packed.bytes,
      packed.sha256,
      packed.inRow,
    ],
  );
  return packed.sha256 !== null;
}

/** The columns that say where it is. */
async function pack(
  copy: Copy,
  row: LogRow,
  record: FinishRecord,
): Promise<{ bytes: number; sha256: string | null; inRow: Uint8Array | null }> {
  const chunks = copy.reader.read(row);
  if (!fitsInRow(record)) {
    return { ...(await packIntoObject(copy, row.id, record, chunks)), inRow: null };
  }
  const inRow = await packInMemory(row.id, record, chunks);
  return { bytes: inRow.length, sha256: null, inRow };
}

/** As the store has it: its week's file may be gone, where all of it was packed. */
function recordOf({ finished, bytes, lines, ranges_json: json, sha256 }: LogRow) {
  if (finished !== 1 || bytes === null || lines === null || json === null || sha256 === null) {
    return undefined;
  }
  const ranges = JSON.parse(json) as Range[];
  return { bytes, lines, ranges, sha256, isToPack: false } satisfies FinishRecord;
}

/** A log without an end, chunk by chunk; false when there are none. */
async function copyChunks({ connection, files }: Copy, { id, file }: LogRow): Promise<boolean> {
  const rows = files.rows(file);
  if (rows?.last(id) === undefined) return false;
  const client = await connection.connect();
  await client.send('begin');
  for (let chunk = rows.startingFrom(id, 0); chunk !== undefined;) {
    const { offset, bytes, firstLine, lines } = chunk;
    await client.send(
      `insert into log_chunk (day, log_id, start, bytes, first_line, lines, data)
       values ('${restDay}', $1, $2, $3, $4, $5, $6)`,
      [id, offset, bytes, firstLine, lines, rows.data(id, chunk)],
    );
    chunk = rows.startingFrom(id, endOf(chunk));
  }
  const cut = rows.cut(id);
  await client.send(
    `insert into log_head (log_id, day, stamp, cut_from, cut_to, cut_lines)
     values ($1, '${restDay}', $2, $3, $4, $5)`,
    [id, randomUUID(), cut?.from ?? null, cut?.to ?? null, cut?.lines ?? null],
  );
  await client.send('commit');
  return true;
}

/** The bytes are not those that it was finished with, or can't be read: no fault of the database. */
function saysDamaged(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    / has changed on the disk /.test(error.message) ||
    ['log-cut', 'bad-packed-log', 'ZSTD_error_', 'ERR_SQLITE_ERROR'].some((begin) =>
      code.startsWith(begin),
    )
  );
}
