import {
  type BuilderFacts,
  type DispatchFacts,
  familyOf,
  runningByFamily,
  type WaitingRequest,
  type WorkerFacts,
} from './facts.ts';
import { FreeSlots, type Pool } from './free-slots.ts';
import { hasRuntime, isAble, type Obstacle, runtimeOf, stands } from './obstacle.ts';
import { RuntimeDemand } from './runtime-demand.ts';
import { type Candidate, type Order, placeInOrder, urgency } from './urgency.ts';

/** What one round of dispatching decides, in order of urgency. Ids all. */
export interface Assignments {
  readonly assigned: readonly { readonly request: number; readonly worker: number }[];
  /** Runtime requests to be written, each for its worker alone. */
  readonly runtimesNeeded: readonly RuntimeNeeded[];
}

export interface RuntimeNeeded {
  /** The runtime builder. */
  readonly builder: number;
  readonly commit: string;
  readonly position: number;
  /** Null: one is enough for all, whoever makes it. */
  readonly worker: number | null;
}

/**
 * Gives waiting requests to free slots, in the order of `urgency` unless told otherwise. A project request waits
 * for its runtime. Where runtimes are shared, that is one artifact; one that is not there and not on
 * its way is asked for once. Else the request goes only to a worker that keeps the runtime; where all
 * those are busy or there is none, further workers with a free slot are asked to make it, as many as
 * the waiting requests can use.
 *
 * A slot promised to a runtime that is yet to be asked for is not given away in the same round.
 */
export function assign(facts: DispatchFacts, order: Order = urgency): Assignments {
  const round = new Round(facts);
  placeInOrder(candidatesOf(facts), facts.slotSeconds, order, (candidate) =>
    round.place(candidate),
  );
  return round;
}

function candidatesOf({ requests, builders, now, isFarmFull }: DispatchFacts): Candidate[] {
  if (isFarmFull) return [];
  const candidates: Candidate[] = [];
  for (const request of requests) {
    const builder = builders.get(request.builderId);
    if (!builder || builder.paused) continue;
    if (request.notBefore !== null && request.notBefore > now) continue;
    candidates.push({ request, builder });
  }
  return candidates;
}

/** The obstacles that are the same for all requests of a pool. */
const poolObstacles: readonly Obstacle[] = [
  'labels missing',
  'offline',
  'quarantined',
  'paused',
  'disk full',
];

class Round implements Assignments {
  readonly assigned: { request: number; worker: number }[] = [];
  readonly runtimesNeeded: RuntimeNeeded[] = [];
  readonly #facts: DispatchFacts;
  readonly #slots = new FreeSlots();
  readonly #free: readonly WorkerFacts[];
  readonly #demand: RuntimeDemand;
  /** Counted when a family that has a `max-parallel` is met first. */
  #running: Map<string, number> | undefined;
  /** By the labels that a platform requires. */
  readonly #pools = new Map<readonly string[], Pool>();
  /** Searches that found no worker and, since slots only get fewer, never will in this round. */
  readonly #inVain = new Set<string>();

  constructor(facts: DispatchFacts) {
    this.#facts = facts;
    this.#free = facts.workers.filter(({ free }) => free > 0);
    this.#demand = new RuntimeDemand(facts, () =>
      facts.workers.filter(
        (worker) =>
          worker.online &&
          !worker.paused &&
          !worker.quarantined &&
          !(worker.trust === 'probation' && worker.isProbeable),
      ),
    );
  }

  place(candidate: Candidate): boolean {
    const { request, builder } = candidate;
    if (this.#isFull(builder)) return false;
    const key = runtimeOf(request, builder);
    if (this.#poolOf(builder, request).free.length === 0) {
      if (builder.kind === 'project') this.#needRuntime(candidate, key);
      return false;
    }
    const worker = this.#search(candidate, 'take', (able) =>
      hasRuntime(able, request, builder, this.#facts.artifacts),
    );
    if (worker) {
      this.assigned.push({ request: request.id, worker: worker.id });
      this.#occupy(builder, worker);
      if (builder.kind === 'runtime') this.#demand.placed(key, worker.id);
      return true;
    }
    if (builder.kind === 'project') this.#needRuntime(candidate, key);
    return false;
  }

  #needRuntime(candidate: Candidate, key: string): void {
    const { request, builder } = candidate;
    const maker = this.#facts.builders.get(builder.runtimeBuilderId);
    if (!maker || maker.paused) return;
    const { upstreamCommit: commit, upstreamPosition: position } = request;
    if (builder.artifacts !== 'same-worker') {
      if (this.#facts.artifacts.has(key) || this.#demand.isAwaited(key)) return;
      this.runtimesNeeded.push({ builder: maker.id, commit, position, worker: null });
      this.#demand.isAskedFor(key);
      return;
    }
    if (!this.#demand.outgrowsSupply(key) || this.#isFull(maker)) return;
    const worker = this.#search(
      candidate,
      'make',
      ({ id, kept }) => !kept.has(key) && !this.#demand.isComing(key, id),
    );
    if (!worker) return;
    this.runtimesNeeded.push({ builder: maker.id, commit, position, worker: worker.id });
    this.#occupy(maker, worker);
    this.#demand.comes(key, worker.id);
  }

  #occupy(builder: BuilderFacts, worker: WorkerFacts): void {
    this.#slots.take(worker);
    if (builder.maxParallel === null) return;
    const running = this.#countRunning();
    const family = familyOf(builder);
    running.set(family, (running.get(family) ?? 0) + 1);
  }

  #isFull(builder: BuilderFacts): boolean {
    const { maxParallel } = builder;
    if (maxParallel === null) return false;
    return (this.#countRunning().get(familyOf(builder)) ?? 0) >= maxParallel;
  }

  #countRunning(): Map<string, number> {
    return (this.#running ??= runningByFamily(this.#facts));
  }

  #search(
    { request, builder }: Candidate,
    purpose: 'take' | 'make',
    suits: (worker: WorkerFacts) => boolean,
  ): WorkerFacts | null {
    const pool = this.#poolOf(builder, request);
    if (pool.free.length === 0) return null;
    const search = `${purpose} ${runtimeOf(request, builder)} ${builder.kind} ${builder.labels.join()}`;
    const isOrdinary = hasNoHistory(request);
    if (isOrdinary && this.#inVain.has(search)) return null;
    const avoided = isOrdinary ? null : this.#workerToAvoid(request, builder);
    const fits = (worker: WorkerFacts): boolean =>
      worker.id !== avoided && suits(worker) && isAble(worker, request, builder);
    // The next runtime waits for whoever may build it; a project has more to choose from.
    const spare =
      builder.kind === 'project' && builder.artifacts === 'trusted' && purpose === 'take'
        ? this.#slots.leastLoaded(pool, (worker) => worker.trust !== 'trusted' && fits(worker))
        : null;
    const worker = spare ?? this.#slots.leastLoaded(pool, fits);
    if (!worker && isOrdinary) this.#inVain.add(search);
    return worker;
  }

  /** The worker that lost the request, as long as another one could take it. */
  #workerToAvoid(request: WaitingRequest, builder: BuilderFacts): number | null {
    const lostBy = request.lostByWorkerId;
    const { workers, elsewhere = [] } = this.#facts;
    const mayTake = (worker: WorkerFacts): boolean =>
      worker.id !== lostBy && isAble(worker, request, builder);
    const hasOther = workers.some(mayTake) || elsewhere.some(mayTake);
    return hasOther ? lostBy : null;
  }

  #poolOf(builder: BuilderFacts, request: WaitingRequest): Pool {
    const known = this.#pools.get(builder.labels);
    if (known) return known;
    const free = this.#free.filter(
      (worker) => !poolObstacles.some((obstacle) => stands(obstacle, worker, request, builder)),
    );
    const pool = { free };
    this.#pools.set(builder.labels, pool);
    return pool;
  }
}

function hasNoHistory(request: WaitingRequest): boolean {
  return (
    request.forWorkerId === null &&
    request.lostByWorkerId === null &&
    request.declinedBy.length === 0
  );
}
