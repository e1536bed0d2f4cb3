import type { Kysely } from 'kysely';
import { saysDiskFull } from '../disk-full.ts';
import type { NewEvent } from '../events.ts';
import type { Database } from '../schema.ts';
import { troubleOf } from '../trouble.ts';
import type { WaitingUnit } from '../unit-queue.ts';
import type { CommitMarks } from './commit-marks.ts';
import { locks } from './postgres-config.ts';
import type { WriterClient } from './writer-connection.ts';

/** Who waits longer for a row may wait for one who waits for him: the server looks for that too late. */
const rowLockMs = 200;

/** The connection broke while the server committed: it may have, or may not. */
export class CommitUnknownError extends Error {
  override readonly name = 'CommitUnknownError';
  /** As `CommitMarks` counts them. */
  readonly transaction: number;
  readonly answers: (() => void)[];

  constructor(transaction: number, answers: (() => void)[], options: ErrorOptions) {
    super('the connection broke at a commit', options);
    this.transaction = transaction;
    this.answers = answers;
  }
}

export interface BatchContext {
  readonly db: Kysely<Database>;
  /** The connection that `db` is on. */
  readonly client: WriterClient;
  readonly marks: CommitMarks;
  /** Where the events of the units are held back, by the units' order. */
  readonly events: NewEvent[];
  readonly onStatement: ((sql: string) => void) | undefined;
  /** No other unit of any engine may run meanwhile. */
  readonly isAlone: boolean;
}

/**
 * Runs units in one transaction; a unit that throws is undone alone. The callers' answers, to be
 * called now that it is committed.
 */
export async function runBatch(
  batch: readonly WaitingUnit[],
  context: BatchContext,
): Promise<(() => void)[]> {
  const transaction = new Transaction(context);
  transaction.begin();
  try {
    const answers: (() => void)[] = [];
    for (const waiting of batch) answers.push(await runUnit(transaction, waiting, context));
    await transaction.commit(answers);
    return answers;
  } catch (error) {
    transaction.rollBack();
    throw error;
  }
}

async function runUnit(
  transaction: Transaction,
  waiting: WaitingUnit,
  { db, events }: BatchContext,
): Promise<() => void> {
  const eventsBefore = events.length;
  transaction.send('savepoint unit');
  try {
    const value = await waiting.unit(db);
    transaction.send('release unit');
    return () => waiting.resolve(value);
  } catch (error) {
    if (troubleOf(error) !== undefined || saysDiskFull(error)) throw error;
    events.length = eventsBefore;
    transaction.send('rollback to unit; release unit');
    return () => waiting.reject(error);
  }
}

/** What steers a transaction is sent ahead of the answers; whatever fails is heard at the commit. */
class Transaction {
  readonly #context: BatchContext;
  readonly #sent: Promise<unknown>[] = [];
  readonly #number: number;

  constructor(context: BatchContext) {
    this.#context = context;
    this.#number = context.marks.next();
  }

  begin(): void {
    const { isAlone, marks } = this.#context;
    const take = isAlone ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared';
    const patience = isAlone ? '' : `; set local lock_timeout = ${rowLockMs}`;
    this.send(`begin; select ${take}(${locks.unit})${patience}; ${marks.mark(this.#number)}`);
  }

  send(sql: string): void {
    void this.#send(sql);
  }

  #send(sql: string): ReturnType<WriterClient['send']> {
    const { client, onStatement } = this.#context;
    onStatement?.(sql);
    const sent = client.send(sql);
    this.#sent.push(sent);
    // Heard at the commit.
    sent.catch(() => {});
    return sent;
  }

  /** @throws CommitUnknownError when the connection broke before the server answered */
  async commit(answers: (() => void)[]): Promise<void> {
    if (this.#context.events.length > 0) this.#writeEvents(this.#context.events);
    const committing = this.#send('commit');
    try {
      await Promise.all(this.#sent);
    } catch (error) {
      if (troubleOf(error) === 'away') {
        throw new CommitUnknownError(this.#number, answers, { cause: error });
      }
      throw error;
    }
    const [committed] = await committing;
    // The server's answer to a commit of what has failed.
    if (committed?.command !== 'COMMIT') throw new Error('the transaction was rolled back');
  }

  rollBack(): void {
    this.send('rollback');
  }

  /**
   * Their numbers come from one row, which every transaction with events changes last: so they are
   * gap-free, and in the order of the commits. The row is held for as long as the server takes to
   * commit, and for no time of ours.
   */
  #writeEvents(events: readonly NewEvent[]): void {
    const { client, onStatement } = this.#context;
    onStatement?.(insertEvents);
    const sent = client.query(insertEvents, [
      events.length,
      events.map(({ at }) => at),
      events.map(({ kind }) => kind),
      events.map(({ actor }) => actor),
      events.map(({ subject }) => subject),
      events.map(({ data }) => JSON.stringify(data)),
    ]);
    this.#sent.push(sent);
    sent.catch(() => {});
  }
}

const insertEvents = `with counter as (
    update event_counter set newest = newest + $1::bigint returning newest - $1::bigint as before
  )
  insert into event (number, at, kind, actor, subject, data_json)
  select counter.before + event.place, event.at, event.kind, event.actor, event.subject, event.data_json
  from counter, unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[])
    with ordinality as event (at, kind, actor, subject, data_json, place)`;
