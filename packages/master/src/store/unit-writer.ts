import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { DiskFullError, saysDiskFull } from './disk-full.ts';
import type { Database } from './schema.ts';

/**
 * One write to the store, all or nothing. It awaits nothing but its own queries: while it runs, no
 * other unit can.
 */
export type Unit<T> = (db: Kysely<Database>) => Promise<T>;

export interface UnitWriterHooks {
  onCommit(): void;
  /** There was no room for a transaction. */
  onDiskFull(): void;
}

interface Waiting {
  readonly unit: Unit<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * The one writer of an SQLite store. It takes whatever waits in this turn of the event loop, runs the
 * units one after another, each in a savepoint, within one BEGIN IMMEDIATE ... COMMIT, and answers
 * the callers after the commit. It waits for company no longer: that would only slow a caller who
 * comes alone.
 */
export class UnitWriter {
  readonly #db: Kysely<Database>;
  readonly #hooks: UnitWriterHooks;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(db: Kysely<Database>, hooks: UnitWriterHooks) {
    this.#db = db;
    this.#hooks = hooks;
  }

  /**
   * Resolves with the unit's value after its commit; rejects, with nothing written, when the unit
   * throws, and with DiskFullError when there is no room for it.
   */
  run<T>(unit: Unit<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ unit, resolve: (value) => resolve(value as T), reject });
    this.#draining ??= this.#drain();
    return promise;
  }

  /** Runs what is no transaction, such as a checkpoint, between two commits. */
  async between<T>(act: () => T): Promise<T> {
    // Whoever waits comes first; what comes meanwhile waits for a turn of the loop.
    while (this.#draining !== undefined) await this.#draining;
    return act();
  }

  /** Lets what waits commit, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // The loop was held up while the last commit was synced: what came meanwhile, over any link
      // or port, is heard in this turn, and committed together.
      await nextTurn();
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#commit(batch);
    }
    // In the same turn as the last look at what waits, or a caller in between would wait for ever.
    this.#draining = undefined;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const answers: (() => void)[] = [];
    try {
      await this.#db.connection().execute(async (db) => {
        await sql`begin immediate`.execute(db);
        try {
          for (const waiting of batch) answers.push(await runInSavepoint(db, waiting));
          await sql`commit`.execute(db);
        } catch (error) {
          // A full disk has SQLite roll back by itself: then there is nothing left to do.
          await sql`rollback`.execute(db).catch(() => {});
          throw error;
        }
      });
    } catch (error) {
      this.#refuse(batch, error);
      return;
    }
    for (const answer of answers) answer();
    this.#hooks.onCommit();
  }

  #refuse(batch: readonly Waiting[], error: unknown): void {
    const isDiskFull = saysDiskFull(error);
    const reason = isDiskFull ? new DiskFullError({ cause: error }) : error;
    for (const waiting of batch) waiting.reject(reason);
    if (isDiskFull) this.#hooks.onDiskFull();
  }
}

async function runInSavepoint(db: Kysely<Database>, waiting: Waiting): Promise<() => void> {
  await sql`savepoint unit`.execute(db);
  try {
    const value = await waiting.unit(db);
    await sql`release unit`.execute(db);
    return () => waiting.resolve(value);
  } catch (error) {
    // The savepoint is gone with the whole transaction.
    if (saysDiskFull(error)) throw error;
    await sql`rollback to unit`.execute(db);
    await sql`release unit`.execute(db);
    return () => waiting.reject(error);
  }
}
