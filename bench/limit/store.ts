import { DatabaseSync } from 'node:sqlite';

/**
 * SQLite with every commit synced. Alone, each write is a commit of its own; grouped, all that wait
 * at the end of a turn share one.
 */
export class BareStore implements Disposable {
  readonly #db: DatabaseSync;
  readonly #isGrouped: boolean;
  #waiting: { write: () => void; committed: () => void }[] = [];
  commits = 0;

  constructor(path: string, isGrouped: boolean) {
    this.#db = new DatabaseSync(path);
    this.#isGrouped = isGrouped;
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      create table build (id integer primary key, state text not null, exit_code integer);
      create table log (build_id integer primary key, data blob not null)`);
  }

  prepare(sql: string): (...parameters: (number | string | Uint8Array)[]) => void {
    const statement = this.#db.prepare(sql);
    return (...parameters) => void statement.run(...parameters);
  }

  /** Calls `committed` after the commit. */
  unit(write: () => void, committed: () => void): void {
    this.#waiting.push({ write, committed });
    if (!this.#isGrouped) this.#commit();
    else if (this.#waiting.length === 1) setImmediate(() => this.#commit());
  }

  #commit(): void {
    const units = this.#waiting;
    this.#waiting = [];
    this.#db.exec('BEGIN IMMEDIATE');
    for (const { write } of units) write();
    this.#db.exec('COMMIT');
    this.commits++;
    for (const { committed } of units) committed();
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
