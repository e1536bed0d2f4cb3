/** After each failure in a row the wait doubles, up to this many times the interval. */
const maxBackOff = 16;
/** A longer timer would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Asks again and again: one question at a time, less often while they fail. */
export class PollLoop {
  readonly #ask: () => Promise<boolean>;
  readonly #everyMs: () => number | null;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #isStopped = false;

  /**
   * @param ask resolves with whether there was a good answer; never rejects
   * @param everyMs from one answer to the next question; null: only when `poll` is called
   */
  constructor(ask: () => Promise<boolean>, everyMs: () => number | null) {
    this.#ask = ask;
    this.#everyMs = everyMs;
  }

  /** Asks now. All who come while a question is under way share the one after it: its answer may be old. */
  poll(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      return this.#start();
    });
    return this.#next;
  }

  /** Asks no more; resolves when the question under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #start(): Promise<void> {
    this.#running = this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    const isGood = !this.#isStopped && (await this.#ask());
    this.#failures = isGood ? 0 : this.#failures + 1;
    if (this.#next !== undefined) return;
    this.#running = undefined;
    this.#schedule();
  }

  #schedule(): void {
    const everyMs = this.#everyMs();
    if (this.#isStopped || everyMs === null) return;
    const backOff = Math.min(2 ** this.#failures, maxBackOff);
    // Spread, so that many repositories on one server are not asked in the same second.
    const spread = 0.9 + Math.random() * 0.2;
    const waitMs = Math.min(everyMs * backOff * spread, maxTimerMs);
    this.#timer = setTimeout(() => void this.poll(), waitMs);
    this.#timer.unref();
  }
}
