import type { BuilderFacts, Order, PinnedCommits, RunningBuild } from '@weir/model';
import {
  buildersOf,
  familyOf,
  nextVerdict,
  requestsFor,
  runtimeBuilderName,
  runtimeKey,
  stability,
  superseded,
} from '@weir/model';
import { decide } from '../../packages/master/src/dispatch/round.ts';
import { Usage } from '../../packages/master/src/dispatch/usage.ts';
import { EmbeddedQueue } from '../../packages/master/src/queue/embedded.ts';
import { waitingOf } from '../../packages/master/src/queue/queue.ts';
import { timerOf } from '../../packages/master/src/schedule/timers.ts';
import type { RequestRow } from '../../packages/master/src/store/requests.ts';
import { toWaiting } from '../../packages/master/src/store/requests.ts';
import { requestRow } from '../../packages/master/test/support/request-row.ts';
import { Breakages, subjectOf, type World } from './breakages.ts';
import { type Commit, commitsOf } from './commits.ts';
import { type Draw, topics } from './draw.ts';
import type { Fleet } from './fleets.ts';
import { SimulatedWorker } from './machine.ts';
import { orderOf, type OrderName } from './orders.ts';
import { Tally } from './tally.ts';
import { Timeline } from './timeline.ts';
import { Verdicts } from './verdicts.ts';

export interface SimulationOptions {
  readonly order: OrderName;
  /** Commits land for so long; then the farm builds what is left. */
  readonly hours: number;
  readonly world: World;
  /** The share of builds that are red by chance. */
  readonly flakes: number;
}

/** A farm in virtual time: its scheduling and matching are the product's, its machines and commits are not. */
export class Simulation {
  readonly #fleet: Fleet;
  readonly #draw: Draw;
  readonly #options: SimulationOptions;
  readonly #order: Order;
  readonly #timeline = new Timeline();
  readonly #builders = new Map<number, BuilderFacts>();
  readonly #idOf = new Map<string, number>();
  readonly #usualMs = new Map<number, number>();
  readonly #workers: readonly SimulatedWorker[];
  readonly #queue = new EmbeddedQueue();
  readonly #usage = new Usage();
  readonly #open = new Map<number, RequestRow>();
  readonly #running = new Map<number, RunningBuild>();
  readonly #artifacts = new Set<string>();
  readonly #commits = new Map<string, readonly Commit[]>();
  /** By trunk, how many of its commits polls have shown, and how many are asked for. */
  readonly #seen = new Map<string, number>();
  readonly #asked = new Map<string, number>();
  readonly #newest = new Map<string, PinnedCommits>();
  readonly #breakages: Breakages;
  readonly verdicts: Verdicts;
  readonly tally = new Tally();
  #isWoken = false;
  #freeAt = 0;

  constructor(fleet: Fleet, draw: Draw, options: SimulationOptions) {
    this.#fleet = fleet;
    this.#draw = draw;
    this.#options = options;
    this.#addBuilders();
    this.#workers = fleet.machines.map((machine, index) => new SimulatedWorker(index + 1, machine));
    const end = options.hours * 3_600_000;
    for (const [index, [name, perDay]] of [...fleet.commitsPerDay].entries()) {
      this.#commits.set(name, commitsOf({ name, index, perDay }, end, draw));
    }
    const { breakingShare: share } = fleet;
    const { world } = options;
    this.#breakages = new Breakages([...this.#builders.values()], this.#commits, {
      share,
      world,
      draw,
    });
    for (const builder of this.#builders.values()) {
      const breakages = this.#breakages.past.get(subjectOf(builder)) ?? 0;
      this.#builders.set(builder.id, { ...builder, breakages });
    }
    this.verdicts = new Verdicts(this.#builders.values(), this.#commits, this.#breakages);
    this.#order = orderOf(options.order, {
      unjudged: (builder, position) => this.verdicts.unjudged(builder, position),
    });
  }

  get machines(): number {
    return this.#workers.length;
  }

  get slots(): number {
    return this.#workers.reduce((sum, { slots }) => sum + slots, 0);
  }

  get builders(): number {
    return this.#builders.size;
  }

  run(): void {
    for (const commits of this.#commits.values()) {
      for (const commit of commits) this.#timeline.at(commit.seenAt, () => this.#see(commit));
    }
    this.#timeline.run();
    if (this.#open.size > 0 || this.#running.size > 0) {
      throw new Error(`${this.#open.size} requests never ended`);
    }
  }

  #addBuilders(): void {
    const { farm } = this.#fleet;
    for (const [index, builder] of buildersOf(farm).entries()) {
      const id = index + 1;
      this.#idOf.set(builder.name, id);
      const usualMs = Math.round(this.#fleet.usualMs(builder, id));
      this.#usualMs.set(id, usualMs);
      this.#builders.set(id, {
        ...builder,
        id,
        runtimeBuilderId: this.#idOf.get(runtimeBuilderName(builder)) ?? id,
        paused: null,
        verdict: 'green',
        lastDurationMs: usualMs,
        lastFinishedAt: null,
        breakages: 0,
      });
    }
  }

  #see(commit: Commit): void {
    this.#seen.set(commit.trunk, Math.max(this.#seen.get(commit.trunk) ?? 0, commit.position));
    this.#consider(commit.trunk);
  }

  /** As the scheduler does: asks for builds once the trunk is stable. */
  #consider(trunk: string): void {
    const timer = timerOf(this.#fleet.farm, trunk);
    if (timer === undefined) throw new Error(`no trunk ${trunk}`);
    const commits = this.#commits.get(trunk) ?? [];
    const changes = commits.slice(this.#asked.get(trunk) ?? 0, this.#seen.get(trunk) ?? 0);
    const { now } = this.#timeline;
    const due = stability(changes, timer, now);
    if (due.due) this.#ask(trunk, due.upTo);
    else if (due.at !== null) this.#timeline.at(due.at, () => this.#consider(trunk));
  }

  #ask(trunk: string, position: number): void {
    const revision = { commit: `${trunk}@${position}`, position };
    const drafts = requestsFor(
      { kind: 'trunk', name: trunk, revision },
      {
        farm: this.#fleet.farm,
        heads: new Map([[trunk, revision]]),
        newestRequests: this.#newest,
      },
    );
    this.#asked.set(trunk, position);
    this.tally.triggers += 1;
    for (const { builder, upstream, reason } of drafts) {
      this.#newest.set(builder, { upstream: upstream.commit, project: null });
      this.#write(this.#idOf.get(builder) ?? 0, upstream, reason);
    }
    for (const { request } of superseded([...this.#open.values()].map(toWaiting), this.#builders)) {
      this.#open.delete(request);
      this.#queue.remove(request);
      this.tally.superseded += 1;
    }
    this.tally.waits(this.#open.size);
    this.#wake();
  }

  #write(
    builderId: number,
    upstream: { commit: string; position: number },
    reason: RequestRow['reason'],
  ): void {
    const id = ++this.tally.requests;
    const row = requestRow({
      id,
      builder_id: builderId,
      reason,
      upstream_commit: upstream.commit,
      upstream_position: upstream.position,
      created_at: this.#timeline.now,
    });
    this.#open.set(id, row);
    const builder = this.#builders.get(builderId);
    if (builder) this.#queue.add(waitingOf(row, builder, this.#order));
  }

  /** What changes within one round of the engine is decided together in the next. */
  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    this.#timeline.at(this.#freeAt, () => this.#decide());
  }

  #decide(): void {
    const { now } = this.#timeline;
    this.#isWoken = false;
    this.#freeAt = now + this.#fleet.roundMs;
    this.tally.rounds += 1;
    const before = process.cpuUsage();
    const around = {
      now,
      isFarmFull: false,
      builders: this.#builders,
      workers: this.#workers,
      running: [...this.#running.values()],
      artifacts: this.#artifacts,
      slotSeconds: this.#usage.slotSeconds(now),
    };
    const round = decide(this.#queue, () => around, this.#order);
    const { user, system } = process.cpuUsage(before);
    this.tally.decidingMs += (user + system) / 1_000;
    for (const { request, worker } of round.assigned) {
      const row = round.waiting.get(request);
      if (row) this.#start(row, worker);
    }
    for (const { builder, commit, position } of round.runtimesNeeded) {
      this.#write(builder, { commit, position }, 'runtime');
    }
    if (round.runtimesNeeded.length > 0 || round.isMore) this.#wake();
  }

  #start(request: RequestRow, workerId: number): void {
    const worker = this.#workers[workerId - 1];
    if (worker === undefined) throw new Error(`no worker ${workerId}`);
    if (!this.#open.delete(request.id)) throw new Error(`request ${request.id} is built twice`);
    worker.take();
    this.#queue.remove(request.id);
    const { builder_id: builderId, upstream_commit: upstreamCommit } = request;
    this.#running.set(request.id, { builderId, workerId, upstreamCommit });
    const startedAt = this.#timeline.now;
    const spread = 0.15 * this.#draw.normal(topics.duration, builderId, request.upstream_position);
    const durationMs = Math.round((this.#usualMs.get(builderId) ?? 0) * Math.exp(spread));
    this.#timeline.at(startedAt + durationMs, () => this.#ended(request, worker, startedAt));
  }

  #ended(request: RequestRow, worker: SimulatedWorker, startedAt: number): void {
    const { now } = this.#timeline;
    const builder = this.#builders.get(request.builder_id);
    if (builder === undefined) throw new Error(`no builder ${request.builder_id}`);
    worker.give();
    this.#running.delete(request.id);
    this.tally.built(builder, now - startedAt, now);
    this.#usage.add({ family: familyOf(builder), startedAt, finishedAt: now });
    const position = request.upstream_position;
    const broken = this.#breakages.at(builder.id, position).length > 0;
    const flakes = this.#draw.uniform(topics.flake, builder.id, position) < this.#options.flakes;
    const result = broken || (flakes && builder.kind === 'project') ? 'failure' : 'success';
    const verdict = nextVerdict(builder.verdict, result);
    const isNew = builder.verdict === 'green' && verdict === 'red';
    const breakages = builder.breakages + (isNew ? 1 : 0);
    const lastDurationMs = now - startedAt;
    this.#builders.set(builder.id, {
      ...builder,
      verdict,
      lastDurationMs,
      lastFinishedAt: now,
      breakages,
    });
    this.verdicts.add(builder, position, now);
    if (builder.kind === 'runtime') {
      this.#artifacts.add(runtimeKey(builder.id, request.upstream_commit));
    }
    this.#wake();
  }
}
