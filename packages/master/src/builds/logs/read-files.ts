import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { LogRows } from './log-rows.ts';
import { logFilePath } from './paths.ts';

const maxOpenFiles = 8;

/** Log files opened to read only, while their one writer may write them. */
export class ReadFiles implements Disposable {
  readonly #dir: string;
  readonly #open = new Map<string, { db: DatabaseSync; rows: LogRows }>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Rows to read in this turn; undefined when nothing was ever written to that file. */
  rows(name: string): LogRows | undefined {
    const known = this.#open.get(name);
    if (known !== undefined) return known.rows;
    const path = logFilePath(this.#dir, name);
    if (!existsSync(path)) return undefined;
    const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    // Its writer makes the file first and the tables next; `finished` is the last of them.
    if (
      db.prepare(`select 1 from sqlite_master where name = 'finished_to_pack'`).get() === undefined
    ) {
      db.close();
      return undefined;
    }
    const rows = new LogRows(db);
    this.#open.set(name, { db, rows });
    this.#closeOldest();
    return rows;
  }

  #closeOldest(): void {
    const [oldest] = this.#open;
    if (oldest === undefined || this.#open.size <= maxOpenFiles) return;
    oldest[1].db.close();
    this.#open.delete(oldest[0]);
  }

  [Symbol.dispose](): void {
    for (const { db } of this.#open.values()) db.close();
    this.#open.clear();
  }
}
