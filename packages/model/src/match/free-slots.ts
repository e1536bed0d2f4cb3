import type { WorkerFacts } from './facts.ts';

/** The workers with a free slot that are at the service of a request that needs certain labels. */
export interface Pool {
  free: WorkerFacts[];
}

/** The free slots of the farm while they are given away. */
export class FreeSlots {
  readonly #taken = new Map<number, number>();

  take({ id }: WorkerFacts): void {
    this.#taken.set(id, (this.#taken.get(id) ?? 0) + 1);
  }

  /**
   * The accepted worker with the smallest share of its slots in use, then the most free slots, then
   * the lowest id; null when none with a free slot is accepted.
   */
  leastLoaded(pool: Pool, accepts: (worker: WorkerFacts) => boolean): WorkerFacts | null {
    pool.free = pool.free.filter((worker) => this.#freeOf(worker) > 0);
    let best: WorkerFacts | null = null;
    for (const worker of pool.free) {
      if (best && this.#compareLoad(best, worker) < 0) continue;
      if (accepts(worker)) best = worker;
    }
    return best;
  }

  #freeOf(worker: WorkerFacts): number {
    return worker.free - (this.#taken.get(worker.id) ?? 0);
  }

  #compareLoad(a: WorkerFacts, b: WorkerFacts): number {
    const freeA = this.#freeOf(a);
    const freeB = this.#freeOf(b);
    return freeB / b.slots - freeA / a.slots || freeB - freeA || a.id - b.id;
  }
}
