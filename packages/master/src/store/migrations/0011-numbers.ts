import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';
import type { Database } from '../schema.ts';

/**
 * No number is given out twice, whatever became of the row that had it: workers, mails and readers
 * of the event log may still hold it. A restored store counts on above all that the one before it
 * may have given out.
 */
export const numbers: Migration = {
  number: 11,
  name: 'numbers',
  oldestProgram: 1,
  // PostgreSQL's identities give no number twice by themselves.
  only: 'sqlite',
  async up(db) {
    const tables = await sql<TableRow>`
      select name, sql from sqlite_master
      where type = 'table' and name != 'migration' and sql like '%integer primary key%'
        and sql not like '%autoincrement%'
    `.execute(db);
    for (const table of tables.rows) await rebuild(db, table);
  },
};

interface TableRow {
  readonly name: string;
  readonly sql: string;
}

/** SQLite can't change a key in place (https://sqlite.org/lang_altertable.html, section 7). */
async function rebuild(db: Kysely<Database>, { name, sql: definition }: TableRow): Promise<void> {
  const { rows: indexes } = await sql<TableRow>`
    select name, sql from sqlite_master where type = 'index' and tbl_name = ${name} and sql is not null
  `.execute(db);
  const changed = definition
    .replace(/^create table "?\w+"?/i, 'create table rebuilt')
    .replace(/integer primary key/i, 'integer primary key autoincrement');
  await sql.raw(changed).execute(db);
  await sql`insert into rebuilt select * from ${sql.table(name)}`.execute(db);
  await sql`drop table ${sql.table(name)}`.execute(db);
  await sql`alter table rebuilt rename to ${sql.table(name)}`.execute(db);
  for (const index of indexes) await sql.raw(index.sql).execute(db);
}
