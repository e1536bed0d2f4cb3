import type { BuilderFacts } from '@weir/model';
import { nextTrial, runtimeKey } from '@weir/model';
import type { Kysely } from 'kysely';
import type { GreenBuild } from '../store/probation.ts';
import { greenBuilds, repeatsOf, setProbeable, waitingTrials } from '../store/probation.ts';
import type { RequestRow } from '../store/requests.ts';
import { cancelRequest, askForBuild } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import { workerById } from '../store/workers.ts';
import type { Session } from './session.ts';

export interface TrialContext {
  readonly builders: ReadonlyMap<number, BuilderFacts>;
  /** Builders that the worker's own policy is against. */
  readonly declined: Set<number>;
  readonly at: number;
}

export interface Trials {
  /** There are builds with a known answer that the worker could repeat. */
  readonly isProbeable: boolean;
  readonly asked: RequestRow | undefined;
  /** Waiting ones that the worker will not have: cancelled. */
  readonly dropped: readonly RequestRow[];
}

/** Writes the next trial of a worker on probation, unless one waits. Runs in a unit; undefined when it is on probation no more. */
export async function writeTrial(
  db: Kysely<Database>,
  session: Session,
  context: TrialContext,
): Promise<Trials | undefined> {
  const worker = await workerById(db, session.id);
  if (worker?.trust !== 'probation') return undefined;
  const waiting = await waitingTrials(db, session.id);
  const dropped = waiting.filter((row) => isDeclined(row, session.id));
  for (const row of dropped) {
    await cancelRequest(db, row.id, { at: context.at, supersededBy: null });
    context.declined.add(row.builder_id);
  }
  const known = await knownAnswers(db, session, context);
  const isProbeable = known.length > 0;
  if (isProbeable !== (worker.probeable === 1)) await setProbeable(db, session.id, isProbeable);
  const isDue = (worker.probation_not_before ?? 0) <= context.at;
  const green =
    isDue && waiting.length === dropped.length ? await choose(db, session, known, context) : null;
  const asked = green ? await ask(db, session, green, context) : undefined;
  return { isProbeable, asked, dropped };
}

function isDeclined(request: RequestRow, workerId: number): boolean {
  return (JSON.parse(request.declined_json) as number[]).includes(workerId);
}

/** Green builds of workers beyond doubt, of builders that the worker can build for. */
async function knownAnswers(
  db: Kysely<Database>,
  session: Session,
  { builders, declined }: TrialContext,
): Promise<GreenBuild[]> {
  const ids = [...builders.values()]
    .filter(({ paused, labels }) => paused === null && labels.every((l) => session.labels.has(l)))
    .map(({ id }) => id)
    .filter((id) => !declined.has(id));
  const greens = await greenBuilds(db, ids);
  return greens.filter(({ trust, workerId }) => trust !== 'probation' && workerId !== session.id);
}

async function choose(
  db: Kysely<Database>,
  session: Session,
  known: readonly GreenBuild[],
  { builders }: TrialContext,
): Promise<GreenBuild | undefined> {
  const able = known.filter(({ builderId, request }) => {
    const maker = builders.get(builderId)?.runtimeBuilderId ?? 0;
    return !session.failed.has(runtimeKey(maker, request.upstream_commit));
  });
  const repeats = await repeatsOf(db, session.id);
  const next = nextTrial(
    able.map((green) => ({ ...green, repeats: repeats.get(green.builderId) ?? 0 })),
  );
  return able.find(({ buildId }) => buildId === next?.buildId);
}

function ask(
  db: Kysely<Database>,
  session: Session,
  { builderId, buildId, request: green }: GreenBuild,
  { builders, at }: TrialContext,
): Promise<RequestRow> {
  return askForBuild(db, builders.get(builderId)?.name ?? '', {
    builderId,
    reason: 'probation',
    reasonText: `was green in build ${buildId}: worker ${session.name} is to find so too`,
    requestedBy: 'engine',
    upstreamCommit: green.upstream_commit,
    upstreamPosition: green.upstream_position,
    projectCommit: green.project_commit,
    projectPosition: green.project_position,
    createdAt: at,
    forWorkerId: session.id,
  });
}
