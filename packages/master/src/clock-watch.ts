import type { ClockFacts } from '@weir/model';
import { clockWarning } from '@weir/model';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { recordEvents } from './store/events.ts';
import type { Store } from './store/store.ts';

const everyMs = 5_000;

export interface ClockWatchOptions {
  readonly now: Clock;
  readonly newestAt: ClockFacts['newestAt'];
  /** Called with what people are to be told now; null: nothing more. */
  changed(warning: string | null): void;
}

/** Sees that the machine's clock was set, or that it can't be right. */
export class ClockWatch implements Disposable {
  readonly #options: ClockWatchOptions;
  readonly #startedAt: number;
  readonly #timer: NodeJS.Timeout;
  #warning: string | null = null;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
    this.#startedAt = options.now();
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
    this.#look();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { now, newestAt } = this.#options;
    const facts = { wall: Date.now(), now: now(), startedAt: this.#startedAt, newestAt };
    const warning = clockWarning(facts);
    if (warning === this.#warning) return;
    this.#warning = warning;
    this.#options.changed(warning);
  }
}

/** Tells people, by a line and an event. */
export function tellClock(
  { store, now, log }: { store: Store; now: Clock; log: Log },
  warning: string | null,
): void {
  const text = warning ?? 'The clock is right again.';
  if (warning === null) log.info(text);
  else log.warn(text);
  const event = { at: now(), kind: 'farm.clock-changed', actor: 'engine', subject: 'farm' };
  store
    .unit((db) => recordEvents(db, [{ ...event, data: { text } }]))
    .catch((error: unknown) => log.warn(String(error)));
}
