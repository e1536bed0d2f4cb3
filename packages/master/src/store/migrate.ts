import { backup } from 'node:sqlite';
import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { spine } from './migrations/0001-spine.ts';
import { breakages } from './migrations/0002-breakages.ts';
import { notices } from './migrations/0003-notices.ts';
import { volunteers } from './migrations/0004-volunteers.ts';
import { schedules } from './migrations/0005-schedules.ts';
import { resting } from './migrations/0006-resting.ts';
import { leases } from './migrations/0007-leases.ts';
import { quarantine } from './migrations/0008-quarantine.ts';
import { farmVersions } from './migrations/0009-farm-versions.ts';
import type { Database } from './schema.ts';

/** One numbered step of the schema. Forward only: it adds first, and removes a release later. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** The oldest program, by the newest migration it knows, that may still run after this one. */
  readonly oldestProgram: number;
  up(db: Kysely<Database>): Promise<void>;
}

const migrations: readonly Migration[] = [
  spine,
  breakages,
  notices,
  volunteers,
  schedules,
  resting,
  leases,
  quarantine,
  farmVersions,
];

/** This program, by the newest migration it knows. */
export const programNumber = migrations.at(-1)?.number ?? 0;

export class StoreTooNewError extends Error {
  override readonly name = 'StoreTooNewError';
  readonly code = 'store-too-new';
}

/**
 * Brings the schema up to date, one migration a transaction, after a copy of the file as it was.
 *
 * @param backupPath where that copy goes; it is made only when there is something to migrate
 * @throws StoreTooNewError when the store was migrated past what this program can run on
 */
export async function migrate(
  db: Kysely<Database>,
  database: DatabaseSync,
  backupPath: (from: number) => string,
): Promise<void> {
  await sql`create table if not exists migration (
    number integer primary key, name text not null, oldest_program integer not null, applied_at bigint not null
  )`.execute(db);
  const applied = await sql<{ newest: number; oldest: number }>`
    select coalesce(max(number), 0) as newest, coalesce(max(oldest_program), 0) as oldest from migration
  `.execute(db);
  const { newest = 0, oldest = 0 } = applied.rows[0] ?? {};
  if (oldest > programNumber) {
    throw new StoreTooNewError(
      `the store needs a program that knows migration ${oldest}; this one knows ${programNumber}: run a newer weir`,
    );
  }
  const pending = migrations.filter((migration) => migration.number > newest);
  if (pending.length > 0 && newest > 0) await backup(database, backupPath(newest));
  for (const migration of pending) {
    await db.connection().execute((connection) => apply(connection, migration));
  }
}

async function apply(db: Kysely<Database>, migration: Migration): Promise<void> {
  await sql`begin immediate`.execute(db);
  try {
    await migration.up(db);
    await sql`insert into migration (number, name, oldest_program, applied_at)
      values (${migration.number}, ${migration.name}, ${migration.oldestProgram}, ${Date.now()})`.execute(
      db,
    );
    await sql`commit`.execute(db);
  } catch (error) {
    await sql`rollback`.execute(db);
    throw error;
  }
}
