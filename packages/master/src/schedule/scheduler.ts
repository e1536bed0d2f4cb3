import type { BuilderFacts, Farm } from '@weir/model';
import { stability } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { RequestRow } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { timerOf } from './timers.ts';
import { unscheduledChanges } from './unscheduled.ts';
import { writeRequests } from './write-requests.ts';

export interface SchedulerContext {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  readonly farm: () => Farm;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  /** Requests were written. `gone` are ids that wait no more: superseded. */
  wrote(requests: readonly RequestRow[], gone: readonly number[]): void;
}

/** Turns the changes of each branch into requests, as soon as the branch is stable. */
export class Scheduler {
  readonly #context: SchedulerContext;
  readonly #alarms = new Map<string, NodeJS.Timeout>();
  #tail: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(context: SchedulerContext) {
    this.#context = context;
  }

  /** Looks at a branch: now, after what is being looked at. */
  consider(branch: string): void {
    this.#tail = this.#tail
      .then(() => (this.#isStopped ? undefined : this.#consider(branch)))
      .catch((error: unknown) => {
        const { log } = this.#context;
        log.warn(`${branch} was not scheduled, and is tried again: ${String(error)}`, { branch });
        this.#setAlarm(branch, 5_000);
      });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const alarm of this.#alarms.values()) clearTimeout(alarm);
    await this.#tail;
  }

  async #consider(branch: string): Promise<void> {
    const { store, now, farm, builders } = this.#context;
    const timer = timerOf(farm(), branch);
    if (timer === undefined) return;
    const due = stability(await unscheduledChanges(store.read, branch), timer, now());
    if (!due.due) {
      if (due.at !== null) this.#setAlarm(branch, due.at - now());
      return;
    }
    const written = await store.unit((db: Kysely<Database>) =>
      writeRequests(db, { branch, upTo: due.upTo, farm: farm(), builders: builders(), at: now() }),
    );
    this.#context.wrote(written.requests, written.gone);
  }

  #setAlarm(branch: string, ms: number): void {
    clearTimeout(this.#alarms.get(branch));
    const alarm = setTimeout(() => this.consider(branch), Math.max(ms, 0) + 1);
    alarm.unref();
    this.#alarms.set(branch, alarm);
  }
}
