import { DatabaseSync } from 'node:sqlite';

/** The farm's database, read from outside: the master is not asked, which would cost it time. */
export class OutsideStore implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: 20_000 });
  }

  count(sql: string, ...parameters: (string | number)[]): number {
    return Number(Object.values(this.#db.prepare(sql).get(...parameters) ?? {})[0] ?? 0);
  }

  buildsFinished(): number {
    return this.count(`select count(*) from build where state = 'finished'`);
  }

  /** Of the newest so many builds. */
  buildsNotGreen(newest: number): number {
    return this.count(
      `select count(*) from (select result from build order by id desc limit ?) where result <> 'success'`,
      newest,
    );
  }

  workersOnline(): number {
    return this.count('select count(*) from worker where online = 1');
  }

  /** What this query finds, row by row. */
  rows(sql: string, ...parameters: (string | number)[]): Record<string, unknown>[] {
    return this.#db.prepare(sql).all(...parameters);
  }

  /** The log of the newest build's only step. */
  newestLog(): { id: number; file: string; lines: number } {
    const row = this.#db.prepare('select id, file, lines from log order by id desc limit 1').get();
    if (row === undefined) throw new Error('there is no log');
    return { id: Number(row['id']), file: String(row['file']), lines: Number(row['lines']) };
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
