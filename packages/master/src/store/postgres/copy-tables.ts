import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import pg from 'pg';
import type { CopiedStore } from '../copy-store.ts';
import type { Database } from '../schema.ts';
import { numberSequences } from './number-sequences.ts';
import { clientConfig } from './postgres-config.ts';
import { RowsHash } from './rows-hash.ts';
import type { Row } from './rows-hash.ts';
import { toParameter } from './value-types.ts';

export interface CopiedTable {
  readonly name: string;
  readonly rows: number;
  /** Of all rows, whatever their order; the same for both stores. */
  readonly hash: string;
}

/** Each store has its own of these; logs, which are files beside the other one, are moved by themselves. */
const ownTables = ['migration', 'event_counter', 'commit_mark', 'log_head', 'log_chunk'];
/** Rows that are held at once. */
const rowsPerStep = 1_000;
const rowidColumn = 'copied_rowid';

/** See `copyStore`. */
export async function copyTables(
  source: Kysely<Database>,
  url: string,
  {
    progress,
    beforeCommit,
  }: { progress: (text: string) => void; beforeCommit: () => Promise<void> },
): Promise<Omit<CopiedStore, 'logs'>> {
  const target = new pg.Client(clientConfig(url));
  // Its queries say so, too; without a listener the process would end.
  target.on('error', () => {});
  await target.connect();
  try {
    await target.query('begin');
    const names = await tableNames(target);
    await refuseIfUsed(target, names);
    const copy = { source, target, progress, changedTexts: 0 };
    const tables: CopiedTable[] = [];
    for (const name of names) tables.push(await copyTable(copy, name));
    await copyNumbers(source, target);
    await beforeCommit();
    await target.query('commit');
    return { tables, changedTexts: copy.changedTexts };
  } finally {
    // What is not committed goes with the connection.
    await target.end();
  }
}

interface Copy {
  readonly source: Kysely<Database>;
  readonly target: pg.Client;
  readonly progress: (text: string) => void;
  changedTexts: number;
}

async function tableNames(target: pg.Client): Promise<string[]> {
  const { rows } = await target.query<{ name: string }>(
    `select table_name::text as name from information_schema.tables
     where table_schema = current_schema() and table_type = 'BASE TABLE' and not (table_name = any ($1))
       and not exists (select 1 from pg_inherits where inhrelid = to_regclass(quote_ident(table_name)))
     order by table_name`,
    [ownTables],
  );
  return rows.map(({ name }) => name);
}

async function refuseIfUsed(target: pg.Client, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { rows } = await target.query(`select 1 from ${pg.escapeIdentifier(name)} limit 1`);
    if (rows.length > 0) {
      throw new Error(`the database holds rows in ${name} already: give an empty one`);
    }
  }
}

async function copyTable(copy: Copy, name: string): Promise<CopiedTable> {
  const { source, target, progress } = copy;
  const sent = new RowsHash();
  let after = 0;
  for (;;) {
    const { rows } = await sql<Row & { copied_rowid: number }>`
      select rowid as ${sql.ref(rowidColumn)}, * from ${sql.table(name)} where rowid > ${after}
      order by rowid limit ${rowsPerStep}`.execute(source);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.copied_rowid;
    const cleaned = rows.map((row) => cleanRow(copy, row));
    for (const row of cleaned) sent.add(row);
    await insertRows(target, name, cleaned);
    progress(`${name} ${sent.rows}`);
  }
  const read = await readBack(target, name, progress);
  if (read.rows !== sent.rows || read.digest() !== sent.digest()) {
    throw new Error(
      `${name} came out differently: ${read.rows} of ${sent.rows} rows, hash ${read.digest()} instead of ${sent.digest()}`,
    );
  }
  return { name, rows: sent.rows, hash: sent.digest() };
}

/** As the target can hold it, without what it was read by. */
function cleanRow(copy: Copy, row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).flatMap(([column, value]) => {
      if (column === rowidColumn) return [];
      const clean = toParameter(value);
      if (clean !== value) copy.changedTexts += 1;
      return [[column, clean]];
    }),
  );
}

async function insertRows(target: pg.Client, name: string, rows: readonly Row[]): Promise<void> {
  const table = pg.escapeIdentifier(name);
  const columns = Object.keys(rows[0] ?? {}).map((column) => pg.escapeIdentifier(column));
  try {
    await target.query(
      `insert into ${table} (${columns.join(', ')})
       select ${columns.join(', ')} from json_populate_recordset(null::${table}, $1::json)`,
      [JSON.stringify(rows)],
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`rows of ${name} could not be copied: ${why}`, { cause: error });
  }
}

async function readBack(
  target: pg.Client,
  name: string,
  progress: (text: string) => void,
): Promise<RowsHash> {
  const read = new RowsHash();
  await target.query(`declare copied cursor for select * from ${pg.escapeIdentifier(name)}`);
  for (;;) {
    const { rows } = await target.query<Row>(`fetch ${rowsPerStep} from copied`);
    for (const row of rows) read.add(row);
    if (rows.length === 0) break;
    progress(`${name} checked ${read.rows}`);
  }
  await target.query('close copied');
  return read;
}

/** No number is given out twice, by the new store either. */
async function copyNumbers(source: Kysely<Database>, target: pg.Client): Promise<void> {
  const { rows } = await sql<{
    name: string;
    seq: number;
  }>`select name, seq from sqlite_sequence`.execute(source);
  const sequences = await numberSequences(target);
  for (const { name, seq } of rows) {
    if (name === 'event') await target.query('update event_counter set newest = $1', [seq]);
    const found = sequences.find(({ table }) => table === name);
    if (found !== undefined && seq > 0) {
      await target.query('select setval($1, $2)', [found.sequence, seq]);
    }
  }
}
