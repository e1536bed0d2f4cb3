import type { WorkerFacts } from './facts.ts';

/** Workers that need the same labels of a request: all that are at its service, and those of them with a free slot. */
export interface Pool {
  readonly workers: readonly WorkerFacts[];
  free: WorkerFacts[];
}

/** The free slots of the farm while they are given away. */
export class FreeSlots {
  readonly #free: Map<number, number>;

  constructor(workers: readonly WorkerFacts[]) {
    this.#free = new Map(workers.map((worker) => [worker.id, worker.free]));
  }

  take(worker: WorkerFacts): void {
    this.#free.set(worker.id, this.#freeOf(worker) - 1);
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
    return this.#free.get(worker.id) ?? 0;
  }

  #compareLoad(a: WorkerFacts, b: WorkerFacts): number {
    const freeA = this.#freeOf(a);
    const freeB = this.#freeOf(b);
    return freeB / b.slots - freeA / a.slots || freeB - freeA || a.id - b.id;
  }
}
