import type { BuilderFacts, DispatchFacts, WorkerFacts } from '@weir/model';
import { familyOf, runtimeBuilderName, runtimeKey } from '@weir/model';
import type { ArtifactPolicy } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { newestFor } from '../../builds/objects/artifacts.ts';
import type { FarmRules } from '../../command.ts';
import { artifactsOfCommits } from '../../store/artifacts.ts';
import type { BuilderRow } from '../../store/builders.ts';
import { isOpen } from '../../store/builds.ts';
import type { RuntimeRow } from '../../store/runtimes.ts';
import { runtimesOfCommits } from '../../store/runtimes.ts';
import type { Database } from '../../store/schema.ts';
import type { WorkerRow } from '../../store/workers.ts';
import { acceptedWorkers, quarantineOf } from '../../store/workers.ts';
import { labelsAsked } from '../farm-rules.ts';
import { ownerPauseOf, pauseOf } from './pause.ts';

type RunningRow = { builder_id: number; worker_id: number; upstream_commit: string };

/** What the rule `whyWaiting` needs to know, but for the requests. */
export type Around = Omit<DispatchFacts, 'requests'>;

/**
 * Reads what is around requests of these builders and commits: only the builders and runtimes that
 * they, and what runs now, have to do with.
 */
export async function loadAround(
  db: Kysely<Database>,
  rules: FarmRules,
  { builders, commits }: { builders: readonly number[]; commits: readonly string[] },
  now: number,
): Promise<Around> {
  const running = await runningRows(db);
  const ids = new Set([...builders, ...running.map((row) => row.builder_id)]);
  const runtimes = await runtimesOfCommits(db, [...new Set(commits)]);
  const workers = await acceptedWorkers(db);
  return {
    now,
    isFarmFull: rules.isFarmFull,
    isEngineAlive: rules.isEngineAlive,
    builders: await builderFacts(db, rules, [...ids]),
    workers: workers.map((worker) => toWorkerFacts(worker, running, runtimes)),
    running: running.map((row) => ({
      builderId: row.builder_id,
      workerId: row.worker_id,
      upstreamCommit: row.upstream_commit,
    })),
    artifacts: await fetchableKeys(db, [...new Set(commits)], rules.artifacts),
    slotSeconds: new Map(),
  };
}

async function fetchableKeys(
  db: Kysely<Database>,
  commits: readonly string[],
  policy: ArtifactPolicy,
): Promise<Set<string>> {
  if (policy === 'same-worker') return new Set();
  const rows = await artifactsOfCommits(db, commits);
  const byKey = Map.groupBy(rows, (row) => runtimeKey(row.builder_id, row.commit_hash));
  return new Set(
    [...byKey].flatMap(([key, its]) => (newestFor(policy, its) === undefined ? [] : [key])),
  );
}

async function runningRows(db: Kysely<Database>): Promise<RunningRow[]> {
  const builds = await db
    .selectFrom('build')
    .select(['builder_id', 'worker_id', 'request_id'])
    .where(isOpen)
    .execute();
  if (builds.length === 0) return [];
  const requests = await db
    .selectFrom('request')
    .select(['id', 'upstream_commit'])
    .where(
      'id',
      'in',
      builds.map((build) => build.request_id),
    )
    .execute();
  const commits = new Map(requests.map((request) => [request.id, request.upstream_commit]));
  return builds.map((build) => ({
    ...build,
    upstream_commit: commits.get(build.request_id) ?? '',
  }));
}

async function builderFacts(
  db: Kysely<Database>,
  rules: FarmRules,
  ids: readonly number[],
): Promise<Map<number, BuilderFacts>> {
  if (ids.length === 0) return new Map();
  const rows = await db.selectFrom('builder').selectAll().where('id', 'in', ids).execute();
  const names = [...new Set(rows.map(runtimeBuilderName))];
  const makers = await db.selectFrom('builder').selectAll().where('name', 'in', names).execute();
  const makerIds = new Map(makers.map((maker) => [maker.name, maker.id]));
  const facts = new Map<number, BuilderFacts>();
  for (const row of [...rows, ...makers]) {
    const runtimeBuilderId = makerIds.get(runtimeBuilderName(row));
    const labels = labelsAsked(rules, row);
    if (row.active === 0 || runtimeBuilderId === undefined || labels === undefined) continue;
    facts.set(row.id, toBuilderFacts(row, { labels, runtimeBuilderId, rules }));
  }
  return facts;
}

function toBuilderFacts(
  row: BuilderRow,
  known: { labels: readonly string[]; runtimeBuilderId: number; rules: FarmRules },
): BuilderFacts {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    upstream: row.upstream,
    trunk: row.trunk,
    project: row.project,
    platform: row.platform,
    labels: known.labels,
    tier: row.tier,
    artifacts: known.rules.artifacts,
    maxParallel: known.rules.maxParallel.get(familyOf(row)) ?? null,
    runtimeBuilderId: known.runtimeBuilderId,
    paused: pauseOf(row),
    verdict: row.verdict,
    lastDurationMs: null,
    lastFinishedAt: null,
    breakages: 0,
  };
}

function toWorkerFacts(
  row: WorkerRow,
  running: readonly RunningRow[],
  runtimes: readonly RuntimeRow[],
): WorkerFacts {
  const own = runtimes.filter((runtime) => runtime.worker_id === row.id);
  const keysOf = (state: RuntimeRow['state']): Set<string> =>
    new Set(
      own
        .filter((runtime) => runtime.state === state)
        .map((runtime) => runtimeKey(runtime.builder_id, runtime.commit_hash)),
    );
  const busy = running.filter((build) => build.worker_id === row.id).length;
  return {
    id: row.id,
    name: row.name,
    online: row.online === 1,
    labels: new Set([
      ...(JSON.parse(row.labels_json) as string[]),
      ...(JSON.parse(row.granted_json) as string[]),
    ]),
    slots: row.slots,
    free: Math.max(0, row.slots - busy),
    trust: row.trust,
    isProbeable: row.probeable === 1,
    paused: pauseOf(row) ?? ownerPauseOf(row),
    quarantined: quarantineOf(row),
    diskFull: row.disk_full === 1,
    hasArtifacts: row.has_artifacts === 1,
    kept: keysOf('kept'),
    failed: keysOf('failed'),
  };
}
