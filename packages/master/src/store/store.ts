import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from './schema.ts';
import { openSqliteReader, openSqliteStore } from './sqlite-store.ts';
import type { Unit } from './unit-queue.ts';

/** The store of an engine: through it alone the engine writes. */
export interface Store extends AsyncDisposable {
  /**
   * Runs one write, all or nothing; resolves after its commit. Rejects with DiskFullError for want of
   * room, and with StoreAwayError when the database server does not answer for long.
   */
  unit<T>(unit: Unit<T>, options?: UnitOptions): Promise<T>;
  /** The time by which leases run: the database server's where there is one, so that no engine's clock moves them. */
  readonly now: Clock;
  /** Other processes write to it, too. */
  readonly isShared: boolean;
  /** For reading only: sees what is committed. */
  readonly read: Kysely<Database>;
  /**
   * Gives free pages back to the file system, and makes the journal short: in pieces of some
   * milliseconds. `pause` is awaited between them; false ends it.
   */
  compact(pause: () => Promise<boolean>): Promise<void>;
  /** Called after each commit, and soon after those of other engines. A wake-up only: it carries no fact. */
  onCommit: () => void;
  /** Called when there was no room for a unit. */
  onDiskFull: () => void;
  /** Says something to the other processes that share the store, at most `callBytes` of it. It may get lost. */
  call(text: string): void;
  /** Called with what another process says. */
  onCall: (text: string) => void;
}

/** PostgreSQL's notifications hold less than 8,000 bytes. */
export const callBytes = 7_000;

export interface UnitOptions {
  /**
   * Whatever it reads to decide, it guards in the WHERE of what it writes: it may run beside other
   * guarded units. Default: it runs alone in the whole farm, as everything does on SQLite.
   */
  readonly isGuarded?: boolean;
}

export interface StoreOptions {
  /** Called with the SQL of each statement of a unit. */
  onStatement?: (sql: string) => void;
  /** Hears that the store is migrated. */
  say?: (text: string) => void;
  /** Other engines may have it open too, where the database allows it. Default: false. */
  isShared?: boolean;
}

/** Whether a store of this name is on a PostgreSQL server; else it is an SQLite file. */
export function isPostgres(place: string): boolean {
  return /^postgres(ql)?:/.test(place);
}

/**
 * Opens (or makes) the store at `place`, a path or a `postgres://` URL, and brings its schema up to
 * date.
 *
 * @throws StoreInUseError when another engine has it open
 * @throws StoreHalfRestoredError when a restore was interrupted there
 * @throws StoreTooNewError when a newer program migrated it too far
 * @throws StoreNotCopiedError when there is no room for the copy that goes before a migration
 * @throws StoreAwayError when there is no server, no such database, or it lets nobody in
 */
export async function openStore(place: string, options: StoreOptions = {}): Promise<Store> {
  if (!isPostgres(place)) return openSqliteStore(place, options);
  // Loaded when asked for: a farm on one machine starts without it.
  const { openPostgresStore } = await import('./postgres/postgres-store.ts');
  return openPostgresStore(place, options);
}

/** Opens an existing store to read only, as the web thread does. */
export async function openReader(place: string): Promise<Kysely<Database>> {
  if (!isPostgres(place)) return openSqliteReader(place);
  const { openPostgresReader } = await import('./postgres/postgres-store.ts');
  return openPostgresReader(place);
}
