import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/**
 * One write to the store, all or nothing. It awaits nothing but its own queries, and leaves nothing
 * behind it but its value: it may be run again, for what another unit or another engine did.
 */
export type Unit<T> = (db: Kysely<Database>) => Promise<T>;

export interface WaitingUnit {
  readonly unit: Unit<unknown>;
  /** It may run beside guarded units of other engines. */
  readonly isGuarded: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * The units of one process, in the order in which they came. It takes whatever waits in this turn of
 * the event loop, and has it committed together, while what comes meanwhile waits. It waits for
 * company no longer: that would only slow a caller who comes alone.
 */
export class UnitQueue {
  readonly #commit: (batch: readonly WaitingUnit[]) => Promise<void>;
  #waiting: WaitingUnit[] = [];
  #draining: Promise<void> | undefined;
  #closed = false;

  /** @param commit runs units one after another and answers their callers; never rejects */
  constructor(commit: (batch: readonly WaitingUnit[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves with the unit's value after its commit; rejects, with nothing written, when the unit throws. */
  run<T>(unit: Unit<T>, isGuarded: boolean): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the store is closed'));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ unit, isGuarded, resolve: (value) => resolve(value as T), reject });
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
}
