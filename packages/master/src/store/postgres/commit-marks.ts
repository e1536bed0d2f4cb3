import { randomUUID } from 'node:crypto';

/**
 * By which a writer finds out whether a transaction was committed whose connection broke before the
 * server answered: each transaction writes its own number into the writer's row. The server's number
 * of a transaction would not do: after a crash the server may give it to another one.
 */
export class CommitMarks {
  readonly #writer = randomUUID();
  #last = 0;

  /** Made in every session before its first transaction: a row that may be waited for. */
  get makeRow(): string {
    return `insert into commit_mark (writer, newest, at) values ('${this.#writer}', 0, now())
      on conflict (writer) do nothing`;
  }

  /** Rows of writers that are gone. */
  get dropOldRows(): string {
    return `delete from commit_mark where at < now() - interval '7 days'`;
  }

  /** The number of the next transaction. */
  next(): number {
    return (this.#last += 1);
  }

  /** A part of that transaction. */
  mark(transaction: number): string {
    return `insert into commit_mark (writer, newest, at) values ('${this.#writer}', ${transaction}, now())
      on conflict (writer) do update set newest = excluded.newest, at = excluded.at`;
  }

  /** Answers with `newest` once the transaction is over that the server may still be at. */
  get readRow(): string {
    return `select newest from commit_mark where writer = '${this.#writer}' for update`;
  }

  /** To be forgotten with its writer. */
  get dropRow(): string {
    return `delete from commit_mark where writer = '${this.#writer}'`;
  }
}
