import type { BuilderFacts, Farm, Trial } from '@weir/model';
import type { Artifact, BuildSpec } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LiveBuild } from '../builds/live-build.ts';
import { nothingReceived } from '../builds/live-build.ts';
import type { Decline } from '../builds/live-builds.ts';
import { buildEvent } from '../builds/settle-build.ts';
import { keepSpec } from '../builds/told-spec.ts';
import { builderById, returnNumber, takeNumber } from '../store/builders.ts';
import { deleteOffered, insertBuild, insertSteps, isOpen } from '../store/builds.ts';
import { recordEvents } from '../store/events.ts';
import { insertLogs } from '../store/logs.ts';
import type { RequestRow } from '../store/requests.ts';
import { claimRequest, requestById, returnDeclined } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';
import type { Session } from '../workers/session.ts';
import type { BuildOrder } from './build-spec.ts';
import { buildOrderOf } from './build-spec.ts';
import { cancelMeaningless } from './cancel-meaningless.ts';

/** A request with all that its build needs to be written down. */
export interface Claim {
  readonly farm: Farm;
  readonly builder: BuilderFacts;
  readonly request: RequestRow;
  readonly session: Session;
  /** This engine, see `ClaimedAs`. */
  readonly engine: number | undefined;
  readonly logFile: string;
  readonly leaseUntil: number;
  /** What a project is run with, where runtimes are shared. */
  readonly artifact: Artifact | undefined;
  readonly uploadToken: (build: number) => string;
  readonly at: number;
  /** The builders whose open builds count against the builder's `maxParallel`. Default: that was seen to. */
  readonly family?: ReadonlySet<number> | undefined;
}

export interface Claimed {
  readonly build: LiveBuild;
  readonly spec: BuildSpec;
}

/**
 * Claims a request and writes its build, steps and logs. Runs in a unit, alone where it has a family
 * to count; undefined when it waits no more, its worker may not have it, or what it would be run with
 * was dropped since that was decided.
 */
export async function claim(db: Kysely<Database>, from: Claim): Promise<Claimed | undefined> {
  const { farm, builder, request, session, engine, at } = from;
  const isShared = builder.kind === 'project' && builder.artifacts !== 'same-worker';
  if (isShared && from.artifact === undefined) return undefined;
  if (from.family !== undefined && (await isFull(db, builder, from.family))) return undefined;
  const as = { attempts: request.attempts, workerId: session.id, engine: engine ?? null };
  if (!(await claimRequest(db, request.id, as))) return undefined;
  const trial = trialOf(session, request);
  const order = buildOrderOf(farm, builder, request, { artifact: from.artifact, at });
  const bringing = bringingOf(from, order);
  const number = await takeNumber(db, builder.id);
  const row = await insertBuild(db, {
    builderId: builder.id,
    number,
    requestId: request.id,
    workerId: session.id,
    attempt: request.attempts + 1,
    boot: session.boot,
    leaseUntil: from.leaseUntil,
    startedAt: at,
    trial,
    runtimeSha256: order.artifact?.sha256 ?? null,
    specJson: keepSpec(order, { labels: builder.labels, shares: bringing.share }),
  });
  const steps = order.steps.length;
  await insertSteps(db, row.id, order.steps);
  const logs = await insertLogs(db, row.id, { steps, file: from.logFile });
  const build: LiveBuild = {
    id: row.id,
    number,
    builderId: builder.id,
    requestId: request.id,
    workerId: session.id,
    upstreamCommit: request.upstream_commit,
    startedAt: at,
    trial,
    steps,
    logs,
    file: from.logFile,
    epoch: row.epoch,
    entries: 0,
    session,
    state: 'offered',
    isDetached: false,
    isLate: false,
    outcomes: [],
    cancelReason: null,
    ...nothingReceived(),
  };
  await recordEvents(db, [
    buildEvent('build.started', builder, build, at, { worker: session.name }),
  ]);
  const { share, uploadToken } = bringing;
  const token = uploadToken === undefined ? {} : { uploadToken: uploadToken(row.id) };
  return { build, spec: { build: row.id, number, ...order, ...(share && { share }), ...token } };
}

async function isFull(
  db: Kysely<Database>,
  { maxParallel }: BuilderFacts,
  family: ReadonlySet<number>,
): Promise<boolean> {
  if (maxParallel === null) return false;
  const open = await db.selectFrom('build').select('builder_id').where(isOpen).execute();
  return open.filter((build) => family.has(build.builder_id)).length >= maxParallel;
}

/** What the build may bring to the farm's objects. */
function bringingOf(
  { builder, session, uploadToken }: Claim,
  { steps }: BuildOrder,
): { share: boolean; uploadToken: Claim['uploadToken'] | undefined } {
  // What nobody may run is not worth the bytes.
  const isRun = builder.artifacts === 'any' || session.trust === 'trusted';
  const share = builder.kind === 'runtime' && builder.artifacts !== 'same-worker' && isRun;
  const brings =
    share || steps.some(({ report, resolved }) => report !== undefined || resolved !== undefined);
  return { share, uploadToken: brings ? uploadToken : undefined };
}

function trialOf(session: Session, request: RequestRow): Trial | null {
  if (session.trust !== 'probation') return null;
  if (request.reason === 'probation') return 'known';
  return session.isProbeable && request.for_worker_id === session.id ? 'runtime' : 'open';
}

/**
 * A worker did not take a build: as if it had never been claimed, but for the memory of whose policy
 * it is against. Runs in a unit; false when it is not to be taken back any more.
 */
export async function unclaim(
  db: Kysely<Database>,
  build: LiveBuild,
  declined: { worker: string | null; decline: Decline; at: number },
): Promise<boolean> {
  if (!(await deleteOffered(db, build.id, build.epoch))) return false;
  const request = await requestById(db, build.requestId);
  const builder = await builderById(db, build.builderId);
  if (request === undefined || builder === undefined) {
    throw new Error(`build ${build.id} has no request or builder`);
  }
  await returnNumber(db, build.builderId, build.number);
  const { worker, decline, at } = declined;
  const workers = new Set(JSON.parse(request.declined_json) as number[]);
  if (decline.cause === 'policy') workers.add(build.workerId);
  await returnDeclined(db, request.id, { workers: [...workers], notBefore: null });
  await recordEvents(db, [
    {
      at,
      kind: 'request.declined',
      actor: worker === null ? 'engine' : `worker:${worker}`,
      subject: `request/${request.id}`,
      data: {
        builder: builder.name,
        build: build.id,
        cause: decline.cause,
        reason: decline.reason,
      },
    },
  ]);
  if (builder.active === 0) {
    const reason = 'the farm file names its builder no more';
    await cancelMeaningless(db, request.id, { at, reason });
  }
  return true;
}
