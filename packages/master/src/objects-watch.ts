import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectsAwayError } from './builds/objects/object-store.ts';
import type { ObjectStore } from './builds/objects/object-store.ts';

/** Long enough to cost nothing, short enough to be told before somebody asks. */
const everyMs = 5_000;

export interface ObjectsWatchOptions {
  readonly objects: Pick<ObjectStore, 'check'>;
  /** Called with what people are to be told now; null: nothing more. */
  changed(away: string | null): void;
}

/** Sees that artifacts and lists of tests can't be had, or can again. */
export class ObjectsWatch implements Disposable {
  readonly #options: ObjectsWatchOptions;
  readonly #stopped = new AbortController();
  #away: string | null = null;

  constructor(options: ObjectsWatchOptions) {
    this.#options = options;
    void this.#watch();
  }

  /** Waits for no answer. */
  [Symbol.dispose](): void {
    this.#stopped.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const away = await this.#look();
      if (away !== this.#away && !signal.aborted) {
        this.#away = away;
        this.#options.changed(away);
      }
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #look(): Promise<string | null> {
    try {
      await this.#options.objects.check(this.#stopped.signal);
      return null;
    } catch (error) {
      if (error instanceof ObjectsAwayError) return error.message;
      return String(error);
    }
  }
}
