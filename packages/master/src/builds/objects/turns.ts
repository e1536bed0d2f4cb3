/** Too many wait already. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

/**
 * Lets one piece of work be done at a time, in the order in which they come, so that a crowd costs as
 * much memory as one visitor.
 */
export class Turns {
  readonly #maxWaiting: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Resolves and rejects as the work does. @throws BusyError when too many wait already */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#maxWaiting) throw new BusyError('too many wait already');
    this.#waiting += 1;
    const before = this.#last;
    const done = before.then(() => {
      this.#waiting -= 1;
      return work();
    });
    this.#last = done.catch(() => {});
    return done;
  }
}
