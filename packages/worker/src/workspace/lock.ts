import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

// Not by an import: an older Node has to come as far as the line that says which one is needed.
const sqlite = process.getBuiltinModule('node:sqlite');

const retryMs = 50;
const sqliteBusy = 5;

/**
 * A lock between processes that the kernel takes back from a process that dies: SQLite's own, on
 * an empty database. `shared` ones go together, `exclusive` goes alone.
 */
export class FileLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Null when others hold it in a way that excludes this one. */
  static try(path: string, kind: 'shared' | 'exclusive'): FileLock | null {
    mkdirSync(dirname(path), { recursive: true });
    const database = new sqlite.DatabaseSync(path);
    try {
      // A transaction takes its shared lock with the first read.
      database.exec(kind === 'shared' ? 'BEGIN; SELECT * FROM sqlite_master' : 'BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === sqliteBusy) return null;
      throw error;
    }
  }

  /** Waits for it. */
  static async take(
    path: string,
    kind: 'shared' | 'exclusive',
    signal: AbortSignal,
  ): Promise<FileLock> {
    for (;;) {
      const lock = FileLock.try(path, kind);
      if (lock !== null) return lock;
      await sleep(retryMs, undefined, { signal });
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
