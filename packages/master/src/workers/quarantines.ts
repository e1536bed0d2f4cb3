import { longestQuarantineMs } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { recordEvents } from '../store/events.ts';
import { endQuarantines, limitQuarantines, quarantinedWorkers } from '../store/quarantine.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { WorkerRow } from '../store/workers.ts';
import { quarantineOf, workerById } from '../store/workers.ts';
import type { Sessions } from './sessions.ts';

export interface QuarantinesContext {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  readonly sessions: Sessions;
  /** A worker takes builds again. */
  readonly freed: () => void;
}

/** Lets quarantined workers go when their time has come. */
export class Quarantines {
  readonly #context: QuarantinesContext;
  #alarm: NodeJS.Timeout | undefined;
  #alarmAt = Infinity;
  #isStopped = false;

  constructor(context: QuarantinesContext) {
    this.#context = context;
  }

  /** A clock that was ahead when it was written keeps no worker for longer than the rule does. */
  async start(): Promise<void> {
    const { store, now } = this.#context;
    await store.unit((db) => limitQuarantines(db, now(), now() + longestQuarantineMs));
    await this.look();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#alarm);
  }

  /** What is held against a worker may have changed: its session is told. */
  async refresh(workerId: number): Promise<void> {
    const worker = await workerById(this.#context.store.read, workerId);
    if (worker !== undefined) this.#show(worker);
  }

  /** Ends the quarantines whose time has come, and makes all sessions say what the store says. */
  async look(): Promise<void> {
    const { store, sessions } = this.#context;
    const hasFreed = await store.unit((db) => this.#endThoseOver(db));
    this.#alarmAt = Infinity;
    const kept = new Map((await quarantinedWorkers(store.read)).map((row) => [row.id, row]));
    for (const session of sessions.all()) if (!kept.has(session.id)) session.quarantined = null;
    for (const worker of kept.values()) this.#show(worker);
    if (hasFreed) this.#context.freed();
  }

  async #endThoseOver(db: Kysely<Database>): Promise<boolean> {
    const at = this.#context.now();
    const over = await endQuarantines(db, at);
    const data = { reason: 'its time is over' };
    await recordEvents(
      db,
      over.map((worker) => ({
        at,
        kind: 'worker.released',
        actor: 'engine',
        subject: `worker/${worker}`,
        data,
      })),
    );
    return over.length > 0;
  }

  #show(worker: WorkerRow): void {
    const { sessions } = this.#context;
    const session = sessions.of(worker.id);
    if (session !== undefined) session.quarantined = quarantineOf(worker);
    if (worker.quarantined_until !== null) this.#setAlarm(worker.quarantined_until);
  }

  /** One alarm, for the quarantine that ends first. */
  #setAlarm(at: number): void {
    if (this.#isStopped || at >= this.#alarmAt) return;
    const { now, log } = this.#context;
    clearTimeout(this.#alarm);
    this.#alarmAt = at;
    this.#alarm = setTimeout(
      () => {
        this.look().catch((error: unknown) => log.warn(String(error)));
      },
      Math.max(0, at - now() + 1),
    );
    this.#alarm.unref();
  }
}
