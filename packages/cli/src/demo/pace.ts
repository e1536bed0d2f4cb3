import { on } from 'node:events';
import type { Interface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

/** Says when it is time for the next commit: after a pause, or at once for a line. */
export class Pace {
  readonly #signal: AbortSignal;
  readonly #lines: AsyncIterator<unknown>;
  #line: Promise<'line'>;

  /** Lines that come while nobody waits count for the waits after. The signal ends all waits. */
  constructor(lines: Interface, signal: AbortSignal) {
    this.#signal = signal;
    this.#lines = on(lines, 'line');
    this.#line = this.#nextLine();
  }

  /** Resolves after the pause or a line, whichever is first: with false when the signal ends the wait. */
  async next(pauseMs: number): Promise<boolean> {
    const settled = new AbortController();
    const signal = AbortSignal.any([this.#signal, settled.signal]);
    const pause = setTimeout(pauseMs, 'pause', { signal });
    try {
      const first = await Promise.race([pause, this.#line]);
      if (first === 'line') this.#line = this.#nextLine();
      return true;
    } catch (error) {
      if (this.#signal.aborted) return false;
      throw error;
    } finally {
      settled.abort();
      await Promise.allSettled([pause]);
    }
  }

  async #nextLine(): Promise<'line'> {
    await this.#lines.next();
    return 'line';
  }
}
