import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { DiskFullError, saysDiskFull } from './disk-full.ts';
import type { Database } from './schema.ts';
import type { Unit, WaitingUnit } from './unit-queue.ts';
import { UnitQueue } from './unit-queue.ts';

export interface UnitWriterHooks {
  onCommit(): void;
  /** There was no room for a transaction. */
  onDiskFull(): void;
}

/**
 * The one writer of an SQLite store: what waits is run one unit after another within one BEGIN
 * IMMEDIATE ... COMMIT, and the callers are answered after the commit. Where one of them throws all
 * are rolled back, and run again with a savepoint for each.
 */
export class UnitWriter {
  readonly #db: Kysely<Database>;
  readonly #hooks: UnitWriterHooks;
  readonly #queue = new UnitQueue((batch) => this.#commit(batch));

  constructor(db: Kysely<Database>, hooks: UnitWriterHooks) {
    this.#db = db;
    this.#hooks = hooks;
  }

  /** See `UnitQueue`; rejects with DiskFullError when there is no room for the unit. */
  run<T>(unit: Unit<T>): Promise<T> {
    return this.#queue.run(unit, false);
  }

  between<T>(act: () => T): Promise<T> {
    return this.#queue.between(act);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #commit(batch: readonly WaitingUnit[]): Promise<void> {
    let answers: (() => void)[];
    try {
      answers = await this.#run(batch);
    } catch (error) {
      this.#refuse(batch, error);
      return;
    }
    for (const answer of answers) answer();
    this.#hooks.onCommit();
  }

  async #run(batch: readonly WaitingUnit[]): Promise<(() => void)[]> {
    try {
      return await this.#transaction(batch, runBare);
    } catch (error) {
      if (!(error instanceof UnitThrew)) throw error;
      if (batch.length === 1 || saysDiskFull(error.cause)) throw error.cause;
      // Few units throw: which of these did is worth a savepoint for each only now.
      return this.#transaction(batch, runInSavepoint);
    }
  }

  #transaction(
    batch: readonly WaitingUnit[],
    run: (db: Kysely<Database>, waiting: WaitingUnit) => Promise<() => void>,
  ): Promise<(() => void)[]> {
    return this.#db.connection().execute(async (db) => {
      const answers: (() => void)[] = [];
      await sql`begin immediate`.execute(db);
      try {
        for (const waiting of batch) answers.push(await run(db, waiting));
        await sql`commit`.execute(db);
      } catch (error) {
        // A full disk has SQLite roll back by itself: then there is nothing left to do.
        await sql`rollback`.execute(db).catch(() => {});
        throw error;
      }
      return answers;
    });
  }

  #refuse(batch: readonly WaitingUnit[], error: unknown): void {
    const isDiskFull = saysDiskFull(error);
    const reason = isDiskFull ? new DiskFullError({ cause: error }) : error;
    for (const waiting of batch) waiting.reject(reason);
    if (isDiskFull) this.#hooks.onDiskFull();
  }
}

/** Its cause is what the unit threw. */
class UnitThrew extends Error {}

async function runBare(db: Kysely<Database>, waiting: WaitingUnit): Promise<() => void> {
  try {
    const value = await waiting.unit(db);
    return () => waiting.resolve(value);
  } catch (cause) {
    throw new UnitThrew('a unit threw', { cause });
  }
}

async function runInSavepoint(db: Kysely<Database>, waiting: WaitingUnit): Promise<() => void> {
  await sql`savepoint unit`.execute(db);
  try {
    const value = await waiting.unit(db);
    await sql`release unit`.execute(db);
    return () => waiting.resolve(value);
  } catch (error) {
    // The savepoint is gone with the whole transaction.
    if (saysDiskFull(error)) throw error;
    // Where the whole transaction is gone there is no savepoint; what it went for is worth more.
    await sql`rollback to unit`.execute(db).catch(() => {
      throw error;
    });
    await sql`release unit`.execute(db);
    return () => waiting.reject(error);
  }
}
