import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { SqliteDatabase } from 'kysely';

/** Statements kept prepared for each connection; Kysely asks for the same few hundred again and again. */
const maxPrepared = 500;

/** Opens the store's file for the one writer: WAL, every commit synced. */
export function openWriterDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  // It has effect on a file that is still empty, and none on another: that one reuses its free pages.
  database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON');
  return database;
}

/** Pages given back at once: some milliseconds of work. */
const pagesPerPiece = 128;

/** Makes the file a little shorter; when there is nothing to give back, its journal. Whether there is more. */
export function givePagesBack(database: DatabaseSync): boolean {
  const free = Number(database.prepare('PRAGMA freelist_count').get()?.['freelist_count']);
  const mode = Number(database.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum']);
  if (free > 0 && mode === 2) {
    database.exec(`PRAGMA incremental_vacuum(${pagesPerPiece})`);
    return true;
  }
  // Where a reader is in the way, a later one does it.
  database.exec(
    'PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 5000',
  );
  return false;
}

/** Opens the store's file to read only. */
export function openReaderDatabase(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
}

/** What Kysely's own `SqliteDialect` needs, over `node:sqlite`. */
export function toSqliteDatabase(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, { statement: StatementSync; reader: boolean }>();

  function prepare(sql: string): { statement: StatementSync; reader: boolean } {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    const made = { statement, reader: statement.columns().length > 0 };
    if (prepared.size >= maxPrepared) prepared.clear();
    prepared.set(sql, made);
    return made;
  }

  return {
    close: () => database.close(),
    prepare(sql) {
      const { statement, reader } = prepare(sql);
      return {
        reader,
        all: (parameters) => statement.all(...bindable(parameters)),
        run: (parameters) => statement.run(...bindable(parameters)),
        iterate: (parameters) => statement.iterate(...bindable(parameters)),
      };
    },
  };
}

// node:sqlite reads an object in first place as named parameters, and binds all others one place too early.
function bindable(parameters: readonly unknown[]): SQLInputValue[] {
  for (const value of parameters) {
    if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      throw new TypeError(
        `Cannot bind ${Object.prototype.toString.call(value)} to an SQLite parameter`,
      );
    }
  }
  return parameters as SQLInputValue[];
}
