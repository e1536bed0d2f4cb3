import type { Assignments, WorkerFacts } from '@weir/model';

/** The free slots of a farm, by the labels that a request needs. Whoever can't serve now counts as busy. */
export class FreeByLabels {
  readonly #workers: readonly WorkerFacts[];
  readonly #slots = new Map<string, number>();

  constructor(workers: readonly WorkerFacts[]) {
    this.#workers = workers.filter(
      ({ free, online, paused, quarantined, diskFull }) =>
        free > 0 && online && paused === null && quarantined === null && !diskFull,
    );
  }

  slots(labels: readonly string[]): number {
    const key = labels.join();
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    let slots = 0;
    for (const worker of this.#workers) if (hasAll(worker, labels)) slots += worker.free;
    this.#slots.set(key, slots);
    return slots;
  }

  /** Whether any are left once these requests have theirs. */
  isLeft(labels: readonly string[], assigned: Assignments['assigned']): boolean {
    const able = new Set(
      this.#workers.filter((worker) => hasAll(worker, labels)).map(({ id }) => id),
    );
    const taken = assigned.filter(({ worker }) => able.has(worker)).length;
    return this.slots(labels) > taken;
  }
}

function hasAll(worker: WorkerFacts, labels: readonly string[]): boolean {
  return labels.every((label) => worker.labels.has(label));
}
