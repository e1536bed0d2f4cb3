import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';
import {
  givePagesBack,
  openReaderDatabase,
  openWriterDatabase,
  toSqliteDatabase,
} from './sqlite.ts';
import type { Unit } from './unit-writer.ts';
import { UnitWriter } from './unit-writer.ts';

/** The store of an engine: the only writer of its file. */
export interface Store extends AsyncDisposable {
  /** Runs one write, all or nothing; resolves after its commit. Rejects with DiskFullError for want of room. */
  unit<T>(unit: Unit<T>): Promise<T>;
  /** A connection of its own for reading: sees what is committed. */
  readonly read: Kysely<Database>;
  /**
   * Gives free pages back to the file system, and makes the journal short: in pieces of some
   * milliseconds. `pause` is awaited between them; false ends it.
   */
  compact(pause: () => Promise<boolean>): Promise<void>;
  /** Called after each commit. A wake-up only: it carries no fact. */
  onCommit: () => void;
  /** Called when there was no room for a unit. */
  onDiskFull: () => void;
}

export interface StoreOptions {
  /** Called with the SQL of each statement of a unit. */
  onStatement?: (sql: string) => void;
  /** Hears that the store is migrated. */
  say?: (text: string) => void;
}

export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';
  readonly code = 'store-in-use';
}

export class StoreHalfRestoredError extends Error {
  override readonly name = 'StoreHalfRestoredError';
  readonly code = 'store-half-restored';
}

/**
 * Opens (or makes) the store at `path` and brings its schema up to date.
 *
 * @throws StoreInUseError when another engine has it open
 * @throws StoreHalfRestoredError when a restore was interrupted there
 * @throws StoreTooNewError when a newer program migrated it too far
 * @throws StoreNotCopiedError when there is no room for the copy that goes before a migration
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  if (!existsSync(path) && existsSync(`${path}.part`)) {
    throw new StoreHalfRestoredError(
      `a restore into ${dirname(path)} did not come to its end: empty the folder, and restore again`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  const lock = lockStore(path);
  const database = openWriterDatabase(path);
  const { onStatement, say } = options;
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: toSqliteDatabase(database) }),
    ...(onStatement && { log: (event) => onStatement(event.query.sql) }),
  });
  try {
    const copiesDir = join(dirname(path), 'before-migration');
    await migrate(db, database, { copiesDir, ...(say && { say }) });
  } catch (error) {
    await db.destroy();
    lock.close();
    throw error;
  }
  const reader = openReader(path);
  const writer = new UnitWriter(db, {
    onCommit: () => store.onCommit(),
    onDiskFull: () => store.onDiskFull(),
  });
  const store: Store = {
    read: reader,
    unit: (unit) => writer.run(unit),
    async compact(pause) {
      do {
        const isMore = await writer.between(() => givePagesBack(database));
        if (!isMore) return;
      } while (await pause());
    },
    onCommit: () => {},
    onDiskFull: () => {},
    async [Symbol.asyncDispose]() {
      await writer.close();
      await reader.destroy();
      await db.destroy();
      lock.close();
    },
  };
  return store;
}

/** Opens an existing store to read only, as the web thread does. */
export function openReader(path: string): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new SqliteDialect({ database: toSqliteDatabase(openReaderDatabase(path)) }),
  });
}

/** Holds a file lock for as long as the process lives; the system drops it however the process ends. */
function lockStore(path: string): DatabaseSync {
  const lock = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    return lock;
  } catch (error) {
    lock.close();
    throw new StoreInUseError(`another weir has ${path} open: stop it first`, { cause: error });
  }
}
