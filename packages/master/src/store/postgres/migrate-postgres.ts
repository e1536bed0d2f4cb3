import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { applyMigrations, pendingMigrations, programNumber } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { locks } from './postgres-config.ts';

/**
 * Brings the schema up to date, in one transaction; engines that start together wait for the one
 * that does it.
 *
 * @throws StoreTooNewError when the store was migrated past what this program can run on
 */
export async function migratePostgres(
  db: Kysely<Database>,
  say: (text: string) => void,
): Promise<void> {
  const { pending: atFirst } = await pendingMigrations(db, 'postgres');
  if (atFirst.length === 0) return;
  await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(locks.migration)})`.execute(transaction);
    // Engines that run meanwhile write before it or after it: else they could lock each other out.
    await sql`select pg_advisory_xact_lock(${sql.lit(locks.unit)})`.execute(transaction);
    const { from, pending } = await pendingMigrations(transaction, 'postgres');
    if (from === 0) await createOwnTables(transaction);
    await applyMigrations(transaction, 'postgres', pending);
    if (from > 0 && pending.length > 0) {
      say(`the store was migrated from schema ${from} to ${programNumber}`);
    }
  });
}

async function createOwnTables(db: Kysely<Database>): Promise<void> {
  // The number of the newest event: on SQLite the table of events has it.
  await sql`create table event_counter (newest bigint not null)`.execute(db);
  await sql`insert into event_counter (newest) values (0)`.execute(db);
  // How far each writer has come: see `CommitMarks`.
  await sql`create table commit_mark (
    writer text primary key, newest bigint not null, at timestamptz not null
  )`.execute(db);
}
