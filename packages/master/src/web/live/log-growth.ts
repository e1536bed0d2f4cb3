import { WakeUp } from './wake-up.ts';

/** A commit may have ended a log; so many commits a second are answered by one look. */
const gatherMs = 200;

/** Wakes the live streams of logs. */
export class LogGrowth {
  readonly #wakeUps = new Map<number, { wakeUp: WakeUp; readers: number }>();
  #gathering: NodeJS.Timeout | undefined;

  /** Resolves when there may be more of the log, or it may have ended. */
  next(log: number): Promise<void> {
    return this.#wakeUps.get(log)?.wakeUp.next() ?? Promise.resolve();
  }

  grew(logs: Iterable<number>): void {
    for (const log of logs) this.#wakeUps.get(log)?.wakeUp.wake();
  }

  /** Something was committed. */
  woken(): void {
    if (this.#wakeUps.size === 0 || this.#gathering !== undefined) return;
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      for (const { wakeUp } of this.#wakeUps.values()) wakeUp.wake();
    }, gatherMs).unref();
  }

  /** `next` waits for this log until what is returned is disposed of. */
  watch(log: number): Disposable {
    const watched = this.#wakeUps.get(log) ?? { wakeUp: new WakeUp(), readers: 0 };
    watched.readers += 1;
    this.#wakeUps.set(log, watched);
    return {
      [Symbol.dispose]: () => {
        watched.readers -= 1;
        if (watched.readers === 0) this.#wakeUps.delete(log);
      },
    };
  }
}
