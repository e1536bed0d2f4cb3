/**
 * Lets many wait until something happens again. A wake-up carries no fact: who was woken looks for
 * itself, and whoever begins to wait has looked before.
 */
export class WakeUp {
  #next = Promise.withResolvers<void>();

  /** Resolves at the next wake-up. Take it before looking, and await it after: so none gets lost. */
  next(): Promise<void> {
    return this.#next.promise;
  }

  wake(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }
}
