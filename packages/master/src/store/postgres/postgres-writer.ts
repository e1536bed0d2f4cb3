import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { DiskFullError, saysDiskFull } from '../disk-full.ts';
import { beginHolding } from '../held-events.ts';
import type { Database } from '../schema.ts';
import { StoreAwayError } from '../store-errors.ts';
import { troubleOf } from '../trouble.ts';
import type { WaitingUnit } from '../unit-queue.ts';
import { UnitQueue } from '../unit-queue.ts';
import type { Unit } from '../unit-queue.ts';
import type { UnitWriterHooks } from '../unit-writer.ts';
import { CommitUnknownError, runBatch } from './run-batch.ts';
import type { WriterConnection } from './writer-connection.ts';

/** How long units wait for a server that is away: longer than one takes to start after a crash. */
const patienceMs = 30_000;
const firstPauseMs = 5;
const longestPauseMs = 1_000;

export interface PostgresWriterOptions extends UnitWriterHooks {
  readonly db: Kysely<Database>;
  readonly connection: WriterConnection;
  readonly onStatement?: ((sql: string) => void) | undefined;
}

/**
 * The writer of one engine on PostgreSQL. What waits is run in order within one transaction, over one
 * connection: an engine's own units never run at once. Those of several engines do: see `UnitOptions`.
 * A transaction that failed for no fault of its own is run again, after a conflict alone.
 */
export class PostgresWriter {
  readonly #options: PostgresWriterOptions;
  readonly #queue = new UnitQueue((batch) => this.#commit(batch));

  constructor(options: PostgresWriterOptions) {
    this.#options = options;
  }

  /** See `UnitQueue`; rejects with StoreAwayError and DiskFullError, too. */
  run<T>(unit: Unit<T>, { isGuarded }: { isGuarded: boolean }): Promise<T> {
    return this.#queue.run(unit, isGuarded);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  async #commit(batch: readonly WaitingUnit[]): Promise<void> {
    const until = performance.now() + patienceMs;
    let pauseMs = firstPauseMs;
    let isAlone = batch.some(({ isGuarded }) => !isGuarded);
    for (;;) {
      try {
        const answers = await this.#run(batch, isAlone);
        for (const answer of answers) answer();
        this.#options.onCommit();
        return;
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble === undefined || performance.now() > until) {
          this.#refuse(batch, trouble === undefined ? error : StoreAwayError.of(error));
          return;
        }
        // Then nobody can be in the way.
        if (trouble === 'conflict') isAlone = true;
      }
      await sleep(pauseMs * (0.5 + Math.random()));
      pauseMs = Math.min(2 * pauseMs, longestPauseMs);
    }
  }

  async #run(batch: readonly WaitingUnit[], isAlone: boolean): Promise<(() => void)[]> {
    const { connection, db, onStatement } = this.#options;
    try {
      return await db.connection().execute((own) =>
        runBatch(batch, {
          db: own,
          client: connection.given(),
          marks: connection.marks,
          onStatement,
          isAlone,
          events: beginHolding(own),
        }),
      );
    } catch (error) {
      if (troubleOf(error) === 'away') connection.drop();
      if (!(error instanceof CommitUnknownError)) throw error;
      if (await this.#hasCommitted(error.transaction)) return error.answers;
      throw error;
    }
  }

  /** What became of a transaction whose connection broke before the server answered its commit. */
  async #hasCommitted(transaction: number): Promise<boolean> {
    const until = performance.now() + patienceMs;
    for (;;) {
      try {
        return (await this.#newestMark()) === transaction;
      } catch (error) {
        if (performance.now() > until) throw StoreAwayError.of(error);
      }
      await sleep(longestPauseMs / 10);
    }
  }

  async #newestMark(): Promise<unknown> {
    const { connection } = this.#options;
    const client = await connection.connect();
    const [answer] = await client.send(connection.marks.readRow);
    return answer?.rows[0]?.['newest'];
  }

  #refuse(batch: readonly WaitingUnit[], error: unknown): void {
    const isDiskFull = saysDiskFull(error);
    const reason = isDiskFull ? new DiskFullError({ cause: error }) : error;
    for (const waiting of batch) waiting.reject(reason);
    if (isDiskFull) this.#options.onDiskFull();
  }
}
