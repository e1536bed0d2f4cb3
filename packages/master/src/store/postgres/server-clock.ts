import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { Database } from '../schema.ts';

const measureEveryMs = 30_000;
/** A measurement that took longer says too little. */
const slowMs = 1_000;
/** Smaller differences are the measurement's own; a clock that followed them would go back and forth. */
const noticeMs = 250;

/**
 * The time as the database server has it, moved by the monotonic clock in between: all engines of a
 * farm have the same, and no clock of theirs moves a lease.
 */
export class ServerClock implements Disposable {
  readonly #db: Kysely<Database>;
  readonly #timer: NodeJS.Timeout;
  /** What the monotonic clock is behind the server's. */
  #offset: number;

  private constructor(db: Kysely<Database>, offset: number) {
    this.#db = db;
    this.#offset = offset;
    this.#timer = setInterval(() => {
      // While the server is away its time goes on by the monotonic clock.
      this.#follow().catch(() => {});
    }, measureEveryMs).unref();
  }

  static async open(db: Kysely<Database>): Promise<ServerClock> {
    const { offset } = await measure(db);
    return new ServerClock(db, offset);
  }

  readonly now: Clock = () => Math.round(this.#offset + performance.now());

  async #follow(): Promise<void> {
    const { offset, tookMs } = await measure(this.#db);
    if (tookMs < slowMs && Math.abs(offset - this.#offset) > noticeMs) this.#offset = offset;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

async function measure(db: Kysely<Database>): Promise<{ offset: number; tookMs: number }> {
  const asked = performance.now();
  const { rows } = await sql<{ now: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::bigint as now`.execute(db);
  const answered = performance.now();
  return { offset: (rows[0]?.now ?? 0) - (asked + answered) / 2, tookMs: answered - asked };
}
