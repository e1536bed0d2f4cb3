import type { LoggedEvent } from '../events/reader.ts';
import { toLogged } from '../events/reader.ts';
import type { Log } from '../log.ts';
import { eventsAfter } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { troubleOf } from '../store/trouble.ts';

const batch = 500;
const sweepMs = 3_000;

export interface HearingOptions {
  readonly store: Pick<Store, 'read'>;
  readonly log: Log;
  /**
   * Lets follow what follows from events, in their order, and a second time without harm. Where the
   * store was away they are heard again; what fails otherwise is made up for by a sweep.
   */
  readonly hear: (events: readonly LoggedEvent[]) => Promise<void>;
}

/**
 * Reads the event log on from where it was when the engine began, for what other processes wrote. It
 * writes nothing, not even how far it is: what an engine knows it reads from the store when it begins.
 */
export class Hearing {
  readonly #options: HearingOptions;
  readonly #sweep: NodeJS.Timeout;
  #seen: number;
  #isWoken = false;
  #isStopped = false;
  #reading: Promise<void> | undefined;

  /** @param after the newest event before that was read which is to be kept right */
  constructor(options: HearingOptions, after: number) {
    this.#options = options;
    this.#seen = after;
    this.#sweep = setInterval(() => this.wake(), sweepMs).unref();
  }

  /** Something may have been committed. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isStopped) return;
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweep);
    await this.#reading;
  }

  async #read(): Promise<void> {
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      try {
        await this.#readOn();
      } catch (error) {
        this.#options.log.warn(`what other processes wrote was not heard: ${String(error)}`);
        return;
      }
    }
  }

  async #readOn(): Promise<void> {
    const { store, hear, log } = this.#options;
    for (let isMore = true; isMore && !this.#isStopped;) {
      const events = (await eventsAfter(store.read, this.#seen, batch)).map(toLogged);
      isMore = events.length === batch;
      if (events.length === 0) return;
      await hear(events).catch((error: unknown) => {
        // Heard again by the next wake-up or sweep.
        if (troubleOf(error) !== undefined) throw error;
        log.warn(`what other processes wrote did not take effect: ${String(error)}`);
      });
      this.#seen = events.at(-1)?.number ?? this.#seen;
    }
  }
}
