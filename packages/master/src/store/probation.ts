import type { ProbationStanding } from '@weir/model';
import type { Trust } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { RequestRow } from './requests.ts';
import { isWaiting } from './requests.ts';
import type { Database } from './schema.ts';

/** So many of a worker's newest builds say which builders it has repeated. */
const repeatsLookedAt = 50;

/** The newest green build of a builder, and what it takes to repeat it. */
export interface GreenBuild {
  readonly builderId: number;
  readonly buildId: number;
  readonly usualMs: number;
  readonly workerId: number;
  readonly trust: Trust;
  readonly request: Pick<
    RequestRow,
    'upstream_commit' | 'upstream_position' | 'project_commit' | 'project_position'
  >;
}

/** The newest green build of each of these builders that has one. */
export async function greenBuilds(
  db: Kysely<Database>,
  builderIds: readonly number[],
): Promise<GreenBuild[]> {
  if (builderIds.length === 0) return [];
  const rows = await db
    .selectFrom('builder')
    .innerJoin('build', 'build.id', 'builder.green_build_id')
    .innerJoin('request', 'request.id', 'build.request_id')
    .innerJoin('worker', 'worker.id', 'build.worker_id')
    .where('builder.id', 'in', builderIds)
    .select([
      'builder.id as builderId',
      'build.id as buildId',
      'builder.usual_ms as usualMs',
      'worker.id as workerId',
      'worker.trust',
      'request.upstream_commit',
      'request.upstream_position',
      'request.project_commit',
      'request.project_position',
    ])
    .execute();
  return rows.map(({ builderId, buildId, usualMs, workerId, trust, ...request }) => ({
    builderId,
    buildId,
    usualMs: usualMs ?? 0,
    workerId,
    trust,
    request,
  }));
}

/** How often a worker has repeated a build of each builder lately. */
export async function repeatsOf(
  db: Kysely<Database>,
  workerId: number,
): Promise<Map<number, number>> {
  const builds = await db
    .selectFrom('build')
    .select(['builder_id', 'request_id'])
    .where('worker_id', '=', workerId)
    .orderBy('id', 'desc')
    .limit(repeatsLookedAt)
    .execute();
  if (builds.length === 0) return new Map();
  const trials = await db
    .selectFrom('request')
    .select('id')
    .where(
      'id',
      'in',
      builds.map((build) => build.request_id),
    )
    .where('reason', '=', 'probation')
    .execute();
  const ids = new Set(trials.map(({ id }) => id));
  const repeated = builds.filter((build) => ids.has(build.request_id));
  const byBuilder = Map.groupBy(repeated, (build) => build.builder_id);
  return new Map([...byBuilder].map(([builder, its]) => [builder, its.length]));
}

/** The trials that wait for this worker. */
export function waitingTrials(db: Kysely<Database>, workerId: number): Promise<RequestRow[]> {
  return db
    .selectFrom('request')
    .selectAll()
    .where(isWaiting)
    .where('for_worker_id', '=', workerId)
    .where('reason', '=', 'probation')
    .execute();
}

export async function setStanding(
  db: Kysely<Database>,
  workerId: number,
  { agreed, disagreed, notBefore }: ProbationStanding,
): Promise<void> {
  await db
    .updateTable('worker')
    .set({
      probation_agreed: agreed,
      probation_disagreed: disagreed,
      probation_not_before: notBefore,
    })
    .where('id', '=', workerId)
    .execute();
}

export async function setTrust(db: Kysely<Database>, id: number, trust: Trust): Promise<void> {
  await db.updateTable('worker').set({ trust }).where('id', '=', id).execute();
}

export async function setProbeable(
  db: Kysely<Database>,
  id: number,
  isProbeable: boolean,
): Promise<void> {
  await db
    .updateTable('worker')
    .set({ probeable: isProbeable ? 1 : 0 })
    .where('id', '=', id)
    .execute();
}
