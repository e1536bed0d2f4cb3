import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { copyDatabase } from './copy-database.ts';
import { spine } from './migrations/0001-spine.ts';
import { breakages } from './migrations/0002-breakages.ts';
import { notices } from './migrations/0003-notices.ts';
import { volunteers } from './migrations/0004-volunteers.ts';
import { schedules } from './migrations/0005-schedules.ts';
import { resting } from './migrations/0006-resting.ts';
import { leases } from './migrations/0007-leases.ts';
import { quarantine } from './migrations/0008-quarantine.ts';
import { farmVersions } from './migrations/0009-farm-versions.ts';
import { retention } from './migrations/0010-retention.ts';
import { numbers } from './migrations/0011-numbers.ts';
import { upkeep } from './migrations/0012-upkeep.ts';
import { workerClocks } from './migrations/0013-worker-clocks.ts';
import { reports } from './migrations/0014-reports.ts';
import { artifacts } from './migrations/0015-artifacts.ts';
import { tests } from './migrations/0016-tests.ts';
import { specs } from './migrations/0017-specs.ts';
import { resolved } from './migrations/0018-resolved.ts';
import { members } from './migrations/0019-members.ts';
import { logs } from './migrations/0020-logs.ts';
import type { Database } from './schema.ts';

/** The databases that a store may be on. */
export type Dialect = 'sqlite' | 'postgres';

/** One numbered step of the schema. Forward only: it adds first, and removes a release later. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** The oldest program, by the newest migration it knows, that may still run after this one. */
  readonly oldestProgram: number;
  readonly up: (db: Kysely<Database>) => Promise<void>;
  /** Set when only one of the databases needs it; the other one counts it as applied. */
  readonly only?: Dialect;
}

const allMigrations: readonly Migration[] = [
  spine,
  breakages,
  notices,
  volunteers,
  schedules,
  resting,
  leases,
  quarantine,
  farmVersions,
  retention,
  numbers,
  upkeep,
  workerClocks,
  reports,
  artifacts,
  tests,
  specs,
  resolved,
  members,
  logs,
];

/** This program, by the newest migration it knows. */
export const programNumber = allMigrations.at(-1)?.number ?? 0;

export class StoreTooNewError extends Error {
  override readonly name = 'StoreTooNewError';
  readonly code = 'store-too-new';
}

/** The store could not be copied, and so was not migrated: it is as it was. */
export class StoreNotCopiedError extends Error {
  override readonly name = 'StoreNotCopiedError';
  readonly code = 'store-not-copied';
}

export interface MigrateOptions {
  /** Where the store is copied to before it is migrated; null for one that is a copy. */
  readonly copiesDir: string | null;
  /** Hears what is done, when anything is. */
  readonly say?: (text: string) => void;
  /** Default: all that this program knows. */
  readonly migrations?: readonly Migration[];
}

/** Copies from before migrations that are kept: a store of this size each. */
const maxCopies = 3;

/**
 * Brings the schema up to date, in one transaction, after a copy of the store as it was. Whatever
 * stops it, the store is of the old schema or of the new one.
 *
 * @throws StoreTooNewError when the store was migrated past what this program can run on
 * @throws StoreNotCopiedError when there is no room for the copy
 */
export async function migrate(
  db: Kysely<Database>,
  database: DatabaseSync,
  { copiesDir, say = () => {}, migrations = allMigrations }: MigrateOptions,
): Promise<void> {
  const { from, pending } = await pendingMigrations(db, 'sqlite', migrations);
  if (pending.length === 0) return;
  if (from > 0 && copiesDir !== null) {
    const copy = await keepCopy(database, copiesDir, from);
    say(`the store is migrated from schema ${from} to ${programNumber}; as it was, it is ${copy}`);
  }
  await db.connection().execute((connection) => applyAll(connection, pending));
}

/**
 * What this store lacks, and the schema that it is of; 0 when it is empty.
 *
 * @throws StoreTooNewError when it was migrated past what this program can run on
 */
export async function pendingMigrations(
  db: Kysely<Database>,
  dialect: Dialect,
  migrations: readonly Migration[] = allMigrations,
): Promise<{ from: number; pending: readonly Migration[] }> {
  const { numbers, oldestProgram } = await readApplied(db, dialect);
  if (oldestProgram > programNumber) {
    throw new StoreTooNewError(
      `the store is of schema ${oldestProgram}, which a newer weir made; this one knows ${programNumber}: run the newer one, or restore a backup from before`,
    );
  }
  const pending = migrations.filter(({ number }) => !numbers.has(number));
  return { from: Math.max(0, ...numbers), pending };
}

interface Applied {
  readonly numbers: ReadonlySet<number>;
  readonly oldestProgram: number;
}

const findTable = {
  sqlite: sql`select 1 from sqlite_master where name = 'migration'`,
  postgres: sql`select 1 where to_regclass('migration') is not null`,
} as const;

/** Of a store that is empty: none. */
async function readApplied(db: Kysely<Database>, dialect: Dialect): Promise<Applied> {
  const known = await findTable[dialect].execute(db);
  if (known.rows.length === 0) return { numbers: new Set(), oldestProgram: 0 };
  const { rows } = await sql<{ number: number; oldest_program: number }>`
    select number, oldest_program from migration
  `.execute(db);
  return {
    numbers: new Set(rows.map(({ number }) => number)),
    oldestProgram: Math.max(0, ...rows.map((row) => row.oldest_program)),
  };
}

async function keepCopy(database: DatabaseSync, dir: string, from: number): Promise<string> {
  // Names in the order of time.
  const time = new Date().toISOString().replaceAll(/[-:.]/g, '');
  const path = join(dir, `${time}-schema-${from}.sqlite`);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // What a copy left that was interrupted takes the room that this one needs.
    for (const name of readdirSync(dir)) if (name.endsWith('.part')) rmSync(join(dir, name));
    await copyDatabase(database, path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreNotCopiedError(
      `the store was not migrated, as it could not be copied to ${path} first: ${why}`,
      { cause: error },
    );
  }
  const copies = readdirSync(dir).filter((name) => name.endsWith('.sqlite'));
  for (const name of copies.toSorted().slice(0, -maxCopies)) rmSync(join(dir, name));
  return path;
}

async function applyAll(db: Kysely<Database>, migrations: readonly Migration[]): Promise<void> {
  await sql`begin immediate`.execute(db);
  try {
    await applyMigrations(db, 'sqlite', migrations);
    await sql`commit`.execute(db);
  } catch (error) {
    // A full disk has rolled it back already.
    await sql`rollback`.execute(db).catch(() => {});
    throw error;
  }
}

/** Applies them in order, and writes down that they are. Runs in a transaction. */
export async function applyMigrations(
  db: Kysely<Database>,
  dialect: Dialect,
  migrations: readonly Migration[],
): Promise<void> {
  await sql`create table if not exists migration (
    number integer primary key, name text not null, oldest_program integer not null, applied_at bigint not null
  )`.execute(db);
  for (const { number, name, oldestProgram, up, only = dialect } of migrations) {
    if (only === dialect) await up(db);
    await sql`insert into migration (number, name, oldest_program, applied_at)
      values (${number}, ${name}, ${oldestProgram}, ${Date.now()})`.execute(db);
  }
}
