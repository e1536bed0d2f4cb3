import { join } from 'node:path';
import process from 'node:process';
import { Kysely, sql, SqliteDialect } from 'kysely';
import { migrate } from '../../src/store/migrate.ts';
import type { Migration } from '../../src/store/migrate.ts';
import type { Database } from '../../src/store/schema.ts';
import { openWriterDatabase, toSqliteDatabase } from '../../src/store/sqlite.ts';

const done: Migration = {
  number: 1_000,
  name: 'done',
  oldestProgram: 1,
  async up(db) {
    await sql`create table half (id integer primary key)`.execute(db);
    await sql`delete from event`.execute(db);
  },
};
const crashing: Migration = {
  number: 1_001,
  name: 'crashing',
  oldestProgram: 1,
  async up(db) {
    await sql`create table other_half (id integer primary key)`.execute(db);
    process.kill(process.pid, 'SIGKILL');
  },
};

const path = process.argv[2] ?? '';
const database = openWriterDatabase(path);
// Changed pages go to the journal before the commit, as those of a large store do.
database.exec('PRAGMA cache_size = 1');
const db = new Kysely<Database>({
  dialect: new SqliteDialect({ database: toSqliteDatabase(database) }),
});
await migrate(db, database, {
  copiesDir: join(path, '..', 'copies'),
  migrations: [done, crashing],
});
