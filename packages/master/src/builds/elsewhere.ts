import type { RunningBuild } from '@weir/model';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../store/schema.ts';
import type { LiveBuilds } from './live-builds.ts';

/** As `isOpen`, where request and build are joined. */
const isOpenBuild = sql<boolean>`build.state != 'finished'`;

/** A build that another engine ended. */
export interface EndedElsewhere extends RunningBuild {
  readonly id: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly result: string | null;
}

/** The builds of other engines, as far as dispatch has to know of them: a copy, read anew by every sweep. */
export class BuildsElsewhere {
  readonly #builds: Pick<LiveBuilds, 'get' | 'forget' | 'takeAway'>;
  readonly #engine: number;
  #running = new Map<number, RunningBuild>();

  /** @param builds this engine's own */
  constructor(builds: Pick<LiveBuilds, 'get' | 'forget' | 'takeAway'>, engine: number) {
    this.#builds = builds;
    this.#engine = engine;
  }

  /** What runs and is not this engine's. */
  *running(): Iterable<RunningBuild> {
    for (const [id, build] of this.#running) if (this.#builds.get(id) === undefined) yield build;
  }

  async rebuild(db: Kysely<Database>): Promise<void> {
    const running = await readRunning(db, this.#engine);
    this.#running = new Map(running.map((build) => [build.id, build]));
  }

  /** Builds began, or another link has them. Those that this engine held before are not its any more. */
  async began(db: Kysely<Database>, ids: readonly number[]): Promise<void> {
    const news = ids.filter((id) => this.#builds.get(id)?.session === undefined);
    if (news.length === 0) return;
    for (const build of await readRunning(db, this.#engine, news)) {
      this.#running.set(build.id, build);
      const own = this.#builds.get(build.id);
      if (own !== undefined && own.session === undefined && own.epoch < build.epoch) {
        this.#builds.forget(own);
      }
    }
  }

  /** It ended, or was given back. A copy of it without a link is of no use any more. */
  forget(id: number): void {
    this.#running.delete(id);
    const own = this.#builds.get(id);
    if (own !== undefined && own.session === undefined && !own.isLate) this.#builds.forget(own);
  }

  /** The engine that leads gave it up, though this one has it: its worker is told. */
  lost(id: number, reason: string): void {
    const build = this.#builds.get(id);
    if (build !== undefined && !build.isLate) this.#builds.takeAway(build, reason);
  }

  /** Its lease ran out: who has it says so when it is heard of again. */
  detached(id: number): void {
    const build = this.#builds.get(id);
    if (build !== undefined) build.isDetached = true;
  }
}

/** Open builds, all or some, of workers that are not connected to this engine. */
function readRunning(
  db: Kysely<Database>,
  engine: number,
  ids?: readonly number[],
): Promise<(RunningBuild & { id: number; epoch: number })[]> {
  return db
    .selectFrom('build')
    .innerJoin('request', 'request.id', 'build.request_id')
    .innerJoin('worker', 'worker.id', 'build.worker_id')
    .where('worker.engine', 'is distinct from', engine)
    .where(isOpenBuild)
    .$if(ids !== undefined, (query) => query.where('build.id', 'in', ids ?? []))
    .select([
      'build.id',
      'build.epoch',
      'build.builder_id as builderId',
      'build.worker_id as workerId',
      'request.upstream_commit as upstreamCommit',
    ])
    .execute();
}

/** What became of builds that have ended. */
export function readEnded(db: Kysely<Database>, ids: readonly number[]): Promise<EndedElsewhere[]> {
  return db
    .selectFrom('build')
    .innerJoin('request', 'request.id', 'build.request_id')
    .select((eb) => [
      'build.id',
      'build.builder_id as builderId',
      'build.worker_id as workerId',
      'build.started_at as startedAt',
      'build.result',
      'request.upstream_commit as upstreamCommit',
      eb.fn.coalesce('build.finished_at', 'build.started_at').as('finishedAt'),
    ])
    .where('build.id', 'in', ids)
    .where('build.state', '=', 'finished')
    .execute();
}
