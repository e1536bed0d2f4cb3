import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Kysely, SqliteDialect } from 'kysely';
import { anchoredClock } from '../clock.ts';
import { lockFile } from './lock-file.ts';
import { migrate } from './migrate.ts';
import type { Database } from './schema.ts';
import {
  givePagesBack,
  openReaderDatabase,
  openWriterDatabase,
  toSqliteDatabase,
} from './sqlite.ts';
import { StoreHalfRestoredError, StoreInUseError } from './store-errors.ts';
import type { Store, StoreOptions } from './store.ts';
import { UnitWriter } from './unit-writer.ts';

/** As `openStore`, for a file: its only writer. */
export async function openSqliteStore(path: string, options: StoreOptions): Promise<Store> {
  if (!existsSync(path) && existsSync(`${path}.part`)) {
    throw new StoreHalfRestoredError(
      `a restore into ${dirname(path)} did not come to its end: empty the folder, and restore again`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  const lock = lockFile(`${path}.lock`);
  if (lock === null) throw new StoreInUseError(`another weir has ${path} open: stop it first`);
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
  const reader = openSqliteReader(path);
  const writer = new UnitWriter(db, {
    onCommit: () => store.onCommit(),
    onDiskFull: () => store.onDiskFull(),
  });
  const store: Store = {
    isShared: false,
    read: reader,
    now: anchoredClock(),
    unit: (unit) => writer.run(unit),
    async compact(pause) {
      do {
        const isMore = await writer.between(() => givePagesBack(database));
        if (!isMore) return;
      } while (await pause());
    },
    onCommit: () => {},
    onDiskFull: () => {},
    // There is no other process.
    call: () => {},
    onCall: () => {},
    async [Symbol.asyncDispose]() {
      await writer.close();
      await reader.destroy();
      await db.destroy();
      lock.close();
    },
  };
  return store;
}

/** Opens an existing file to read only. */
export function openSqliteReader(path: string): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new SqliteDialect({ database: toSqliteDatabase(openReaderDatabase(path)) }),
  });
}
