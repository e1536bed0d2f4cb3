import type { BuilderFacts, Farm } from '@weir/model';
import { recurrenceName } from '@weir/model';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { insertFirstSeen, lastFiring, takeFiring } from '../store/recurrences.ts';
import type { RequestRow } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import { nextFiring } from './next-firing.ts';
import { requestScheduled } from './request-scheduled.ts';
import type { Scheduled } from './scheduled.ts';
import { scheduledOf } from './scheduled.ts';

export interface ClocksContext {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  readonly farm: () => Farm;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  /** Requests were written. `gone` are ids that wait no more: superseded. */
  wrote(requests: readonly RequestRow[], gone: readonly number[]): void;
}

/** A timer does not know of the hours that a machine slept: it looks at the clock at least so often. */
const longestWaitMs = 60_000;
const afterFailureMs = 5_000;
/** Clocks of two engines differ by less. */
const clockSkewMs = 60_000;

/** Asks for builds by the clock. */
export class Clocks {
  readonly #context: ClocksContext;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #isStopped = false;

  constructor(context: ClocksContext) {
    this.#context = context;
  }

  /** Looks at the clock now; called at start and when another farm file came into force. */
  consider(): void {
    void this.look();
  }

  /** The same; resolves when what is due was asked for. */
  look(): Promise<void> {
    this.#round ??= this.#look().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #look(): Promise<void> {
    const { log, now } = this.#context;
    let waitMs = longestWaitMs;
    try {
      for (const scheduled of scheduledOf(this.#context.farm())) {
        const due = await this.#fire(scheduled);
        if (due !== null) waitMs = Math.min(waitMs, due - now());
      }
    } catch (error) {
      log.warn(`a schedule failed, and is tried again: ${String(error)}`);
      waitMs = afterFailureMs;
    }
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.consider(), Math.max(waitMs, 0) + 1).unref();
  }

  /** Asks for the builds of one schedule if it is due; when it is due next. */
  async #fire({ owner, recurrence }: Scheduled): Promise<number | null> {
    const { store, now, farm, builders } = this.#context;
    const key = { owner, name: recurrenceName(recurrence) };
    const last = await lastFiring(store.read, key);
    if (last === undefined) {
      await store.unit((db) => insertFirstSeen(db, key, now()));
      return nextFiring(recurrence, now());
    }
    if (last > now() + clockSkewMs) {
      // The clock was wrong then: nothing would be due until it shows that time again.
      await store.unit((db) => takeFiring(db, key, { last, at: now() }));
      return nextFiring(recurrence, now());
    }
    const due = nextFiring(recurrence, last);
    if (due === null || due > now()) return due;
    // What was missed in between is made up for by this one.
    const at = now();
    const written = await store.unit(async (db) => {
      if (!(await takeFiring(db, key, { last, at }))) return undefined;
      return requestScheduled(
        db,
        { owner, recurrence },
        { farm: farm(), builders: builders(), at },
      );
    });
    if (written !== undefined) this.#context.wrote(written.requests, written.gone);
    return nextFiring(recurrence, at);
  }
}
