import type {
  Assignments,
  BuilderFacts,
  DispatchFacts,
  Farm,
  RunningBuild,
  WorkerFacts,
} from '@weir/model';
import { familyOf, runtimeKey } from '@weir/model';
import { leaseMs, offerMs } from '@weir/protocol';
import type { EndedBuild } from '../builds/ended-build.ts';
import type { LiveBuild } from '../builds/live-build.ts';
import { notTaken } from '../builds/live-builds.ts';
import type { Decline, LiveBuilds } from '../builds/live-builds.ts';
import { logFileOf } from '../builds/logs/log-file.ts';
import type { Artifacts } from '../builds/objects/artifacts.ts';
import { uploadToken } from '../builds/objects/upload-token.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Queue, Waiting } from '../queue/queue.ts';
import { waitingOf } from '../queue/queue.ts';
import type { RequestRow } from '../store/requests.ts';
import { requestById, waitingRequests } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Session } from '../workers/session.ts';
import type { Sessions } from '../workers/sessions.ts';
import { claim, unclaim } from './claim.ts';
import { endBlocked, requestRuntime } from './needed-runtimes.ts';
import { decide } from './round.ts';
import type { Usage } from './usage.ts';

export interface DispatcherContext {
  readonly store: Store;
  readonly queue: Queue;
  readonly sessions: Sessions;
  readonly builds: LiveBuilds;
  /** This engine's number among the members; absent in a farm of one process. */
  readonly engine?: number | undefined;
  /** What there is with other engines; absent in a farm of one process. */
  readonly elsewhere?: Elsewhere | undefined;
  readonly usage: Usage;
  readonly artifacts: Artifacts;
  /** Signs upload tokens. */
  readonly uploadSecret: string;
  /** There is too little room for the farm's data. */
  readonly isFarmFull: () => boolean;
  readonly now: Clock;
  readonly log: Log;
  readonly farm: () => Farm;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  /** Has a worker's session say what is written of the worker. */
  readonly refresh: (workerId: number) => Promise<void>;
}

/** Workers and builds of other engines. */
export interface Elsewhere {
  workers(): readonly WorkerFacts[];
  running(): Iterable<RunningBuild>;
  /** Reads anew what runs there. */
  refresh(): Promise<void>;
}

/** A timer that comes so much too late tells of an engine that stood still. */
const frozenMs = 500;

/** Brings waiting requests to free slots. It decides in rounds; whoever changes something wakes it. */
export class Dispatcher {
  readonly #context: DispatcherContext;
  #round: Promise<void> | undefined;
  #isWoken = false;
  #isStopped = false;
  #alarm: NodeJS.Timeout | undefined;
  /** Builds that ended, and whose runtimes are not known of yet. */
  readonly #ending = new Set<RunningBuild>();

  constructor(context: DispatcherContext) {
    this.#context = context;
  }

  /** Something changed: a request, a slot, a runtime, a pause. Many calls in one turn make one round. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isStopped) return;
    this.#round ??= this.#rounds();
  }

  /**
   * A build ended; until this is disposed of its runtime counts as one that comes, so that nobody asks
   * for it again while the store is read.
   */
  follow({ builderId, workerId, upstreamCommit }: EndedBuild): Disposable {
    if (upstreamCommit === null) return { [Symbol.dispose]() {} };
    const build = { builderId, workerId, upstreamCommit };
    this.#ending.add(build);
    return { [Symbol.dispose]: () => void this.#ending.delete(build) };
  }

  /** A request waits, newly or again. */
  enqueue(request: RequestRow): void {
    for (const waiting of this.waitingOf([request])) this.#context.queue.add(waiting);
    this.wake();
  }

  /** These requests as the queue holds them, without those whose builder is not in force. */
  waitingOf(requests: readonly RequestRow[]): Waiting[] {
    const builders = this.#context.builders();
    return requests.flatMap((request) => {
      const builder = builders.get(request.builder_id);
      return builder === undefined ? [] : [waitingOf(request, builder)];
    });
  }

  /** Ends what waits for a runtime that can be built nowhere. */
  async endBlocked(): Promise<void> {
    const { store, queue, builders, now } = this.#context;
    const ended = await store.unit((db) => endBlocked(db, builders(), now()));
    for (const id of ended) queue.remove(id);
  }

  /** Makes the queue say what the store says. */
  async reconcile(): Promise<void> {
    const { queue, store } = this.#context;
    queue.reconcile(this.waitingOf(await waitingRequests(store.read)));
    this.wake();
    await this.endBlocked();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#alarm);
    await this.#round;
  }

  /**
   * A worker declined, or with null its link broke: the request waits for another one, or for this
   * one's next word. False when the build is not to be taken back any more.
   */
  async declined(build: LiveBuild, worker: string | null, decline: Decline): Promise<boolean> {
    const { store, now } = this.#context;
    const isReturned = await store.unit((db) => unclaim(db, build, { worker, decline, at: now() }));
    if (!isReturned) return false;
    const request = await requestById(store.read, build.requestId);
    if (request?.state === 'waiting') this.enqueue(request);
    return true;
  }

  async #rounds(): Promise<void> {
    // One turn later, so that what changes together is decided together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      try {
        await this.#decide();
      } catch (error) {
        this.#context.log.warn(`dispatch failed, and is tried again: ${String(error)}`);
        setTimeout(() => this.wake(), 1_000).unref();
      }
    }
    this.#round = undefined;
  }

  async #decide(): Promise<void> {
    const round = decide(this.#context.queue, () => this.#facts());
    this.#setAlarm(round.dueAt);
    const { waiting, assigned, runtimesNeeded } = round;
    // Together, so that the store commits them together.
    await Promise.all([
      this.#askForRuntimes(runtimesNeeded),
      // In the order of the requests, so that two engines that want the same don't wait crosswise.
      ...assigned
        .toSorted((a, b) => a.request - b.request)
        .map(({ request, worker }) => this.#offer(waiting.get(request), worker)),
    ]);
    if (round.isMore) this.#isWoken = true;
  }

  #facts(): Omit<DispatchFacts, 'requests'> {
    const { sessions, builds, usage, now, farm, builders, isFarmFull } = this.#context;
    const { elsewhere } = this.#context;
    const at = now();
    const { artifacts: policy } = farm();
    return {
      now: at,
      isFarmFull: isFarmFull(),
      builders: builders(),
      workers: sessions.all(),
      elsewhere: elsewhere?.workers() ?? [],
      running: [...builds.all(), ...(elsewhere?.running() ?? []), ...this.#ending],
      artifacts: { has: (key) => this.#context.artifacts.of(key, policy) !== undefined },
      slotSeconds: usage.slotSeconds(at),
    };
  }

  /** A request that is backing off becomes due by the clock alone. */
  #setAlarm(dueAt: number | null): void {
    clearTimeout(this.#alarm);
    if (dueAt === null) return;
    this.#alarm = setTimeout(() => this.wake(), dueAt - this.#context.now() + 1);
    this.#alarm.unref();
  }

  async #askForRuntimes(needed: Assignments['runtimesNeeded']): Promise<void> {
    const { store, now, sessions, builders } = this.#context;
    for (const runtime of needed) {
      const builder = builders().get(runtime.builder);
      const worker = runtime.worker === null ? null : sessions.of(runtime.worker)?.name;
      if (builder === undefined || worker === undefined) continue;
      const by = { builder, worker, at: now() };
      const request = await store.unit((db) => requestRuntime(db, runtime, by));
      if (request !== undefined) this.enqueue(request);
    }
  }

  async #offer(request: RequestRow | undefined, workerId: number): Promise<void> {
    const { store, queue, sessions, builds, now, farm, builders, artifacts, uploadSecret, engine } =
      this.#context;
    const session = sessions.of(workerId);
    const builder = request && builders().get(request.builder_id);
    if (session === undefined || request === undefined || builder === undefined) return;
    const runtime = runtimeKey(builder.runtimeBuilderId, request.upstream_commit);
    queue.remove(request.id);
    session.offering += 1;
    const at = now();
    // Other engines may fill the family up meanwhile: then it is counted where they write, too.
    const isCounted = engine !== undefined && builder.maxParallel !== null;
    let claimed;
    try {
      claimed = await store.unit(
        (db) =>
          claim(db, {
            farm: farm(),
            builder,
            request,
            session,
            engine,
            logFile: logFileOf(at),
            leaseUntil: at + leaseMs,
            artifact: artifacts.of(runtime, builder.artifacts),
            uploadToken: (build) => uploadToken(uploadSecret, build),
            at,
            family: isCounted ? this.#familyOf(builder) : undefined,
          }),
        { isGuarded: !isCounted },
      );
    } catch (error) {
      queue.add(waitingOf(request, builder));
      throw error;
    } finally {
      session.offering -= 1;
    }
    if (claimed === undefined) return this.#refused(request, session);
    // Its link broke meanwhile.
    if (sessions.of(workerId) !== session) return builds.giveBack(claimed.build, notTaken);
    builds.add(claimed.build);
    session.offers.add(claimed.build.id);
    this.#awaitAnswer(claimed.build, session);
    session.send({ t: 'offer', epoch: claimed.build.epoch, spec: claimed.spec });
  }

  #familyOf(builder: BuilderFacts): Set<number> {
    const family = familyOf(builder);
    const all = [...this.#context.builders().values()];
    return new Set(all.filter((each) => familyOf(each) === family).map(({ id }) => id));
  }

  /**
   * A request that could not be claimed is gone, or was tried elsewhere; or its worker is connected
   * elsewhere or may take no builds, or others took the last place of its family.
   */
  async #refused({ id, attempts }: RequestRow, session: Session): Promise<void> {
    const { store, sessions, elsewhere, refresh } = this.#context;
    const request = await requestById(store.read, id);
    // The slot is free for what is next.
    if (request?.state !== 'waiting') return this.wake();
    // Before it is offered again: else the same worker is chosen once more.
    if (request.attempts === attempts) {
      await sessions.connected(session.id);
      await refresh(session.id);
      await elsewhere?.refresh();
    }
    this.enqueue(request);
  }

  #awaitAnswer(build: LiveBuild, session: Session): void {
    const due = performance.now() + offerMs;
    setTimeout(() => {
      // An engine that was frozen has heard nobody: the answer may be here already.
      if (performance.now() > due + frozenMs) this.#awaitAnswer(build, session);
      else this.#expire(build, session);
    }, offerMs).unref();
  }

  /** An offer without an answer: the slot is no good, and the request is tried elsewhere. */
  #expire(build: LiveBuild, session: Session): void {
    const { builds, log } = this.#context;
    if (this.#isStopped || build.state !== 'offered' || builds.get(build.id) !== build) return;
    // Its link broke: the worker says what became of the offer when it is back.
    if (build.session !== session) return;
    session.offers.delete(build.id);
    session.credit = 0;
    builds
      .loseById(build.id, `worker ${session.name} did not answer the offer`)
      .catch((error: unknown) =>
        log.warn(`offer ${build.id} was not taken back: ${String(error)}`, {
          build: build.id,
          request: build.requestId,
          worker: session.name,
        }),
      );
  }
}
