import { type DispatchFacts, runtimeKey, type WorkerFacts } from './facts.ts';

/**
 * What one round knows of the runtimes to come: which ones wait or are being built, and how many
 * project requests wait for each.
 */
export class RuntimeDemand {
  /** Runtimes that a waiting request asks for on whichever worker takes it. */
  readonly #anywhere = new Set<string>();
  /** Where else each is to come. */
  readonly #coming = new Map<string, Set<number>>();
  readonly #waiting = new Map<string, number>();
  readonly #facts: DispatchFacts;
  /** Most rounds ask nothing of what runs, which is much: it is read when first asked about. */
  #isRunningRead = false;
  readonly #able: () => readonly WorkerFacts[];
  #slots: ReadonlyMap<number, number> | undefined;

  /** `able` are the workers whose coming runtimes will be of use: those that can run projects now. */
  constructor(facts: DispatchFacts, able: () => readonly WorkerFacts[]) {
    this.#facts = facts;
    this.#able = able;
    for (const request of facts.requests) {
      if (facts.builders.get(request.builderId)?.kind !== 'runtime') continue;
      const key = runtimeKey(request.builderId, request.upstreamCommit);
      if (request.forWorkerId === null) this.#anywhere.add(key);
      else this.comes(key, request.forWorkerId);
    }
  }

  /** The runtime is, or will be, built on that worker. */
  comes(key: string, workerId: number): void {
    const workers = this.#coming.get(key) ?? new Set();
    this.#coming.set(key, workers.add(workerId));
  }

  /** A request for it that any worker could take was given to this one. */
  placed(key: string, workerId: number): void {
    this.#anywhere.delete(key);
    this.comes(key, workerId);
  }

  /** It waits to be built, or is being built, wherever. */
  isAwaited(key: string): boolean {
    return this.#anywhere.has(key) || this.#where(key) !== undefined;
  }

  /** A request for it is written that any worker may take. */
  isAskedFor(key: string): void {
    this.#anywhere.add(key);
  }

  isComing(key: string, workerId: number): boolean {
    return this.#where(key)?.has(workerId) ?? false;
  }

  /**
   * Counts one more project request that waits for this runtime. True when the slots of the workers
   * where it is to come are too few for all that wait, so that one more worker should make it.
   */
  outgrowsSupply(key: string): boolean {
    const waiting = (this.#waiting.get(key) ?? 0) + 1;
    this.#waiting.set(key, waiting);
    if (this.#anywhere.has(key)) return false;
    this.#slots ??= new Map(this.#able().map((worker) => [worker.id, worker.slots]));
    let slots = 0;
    for (const worker of this.#where(key) ?? []) slots += this.#slots.get(worker) ?? 0;
    return waiting > slots;
  }

  /** The workers where it is to come, apart from `#anywhere`. */
  #where(key: string): ReadonlySet<number> | undefined {
    if (!this.#isRunningRead) {
      this.#isRunningRead = true;
      const { running, builders } = this.#facts;
      for (const { builderId, upstreamCommit, workerId } of running) {
        if (builders.get(builderId)?.kind !== 'runtime') continue;
        this.comes(runtimeKey(builderId, upstreamCommit), workerId);
      }
    }
    return this.#coming.get(key);
  }
}
