import { reattachment } from '@weir/model';
import { leaseMs } from '@weir/protocol';
import type { FarmMessage } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { builderById } from '../store/builders.ts';
import type { BuildRow } from '../store/builds.ts';
import { buildById, openBuilds } from '../store/builds.ts';
import { DiskFullError } from '../store/disk-full.ts';
import { recordEvents } from '../store/events.ts';
import { raiseEpoch, takeLate } from '../store/leases.ts';
import type { Taken } from '../store/leases.ts';
import type { Database } from '../store/schema.ts';
import { StoreAwayError } from '../store/store-errors.ts';
import type { Store } from '../store/store.ts';
import { workerById } from '../store/workers.ts';
import type { Hello } from '../workers/link.ts';
import type { Session } from '../workers/session.ts';
import type { LiveBuild } from './live-build.ts';
import type { LiveBuilds } from './live-builds.ts';
import { notTaken } from './live-builds.ts';
import { loadBuilds } from './load-builds.ts';
import type { LogSink } from './log-sink.ts';
import { buildEvent } from './settle-build.ts';

type WelcomeBuild = Extract<FarmMessage, { t: 'welcome' }>['builds'][number];
type ReportedBuild = Hello['builds'][number];

export interface ReattachContext {
  readonly store: Store;
  readonly logs: LogSink;
  readonly now: Clock;
  readonly builds: LiveBuilds;
  readonly log: Log;
  /** This engine's number among the members; absent in a farm of one process. */
  readonly engine?: number | undefined;
}

/** What becomes of a worker's builds when it connects: those that it names, and those that it does not. */
export async function reattachBuilds(
  context: ReattachContext,
  session: Session,
  hello: Hello,
): Promise<WelcomeBuild[]> {
  const { store, engine } = context;
  const here = new Set(hello.builds.map(({ build }) => build));
  const open = await openBuilds(store.read, session.id);
  if (engine !== undefined) {
    // Read behind them: what another engine gave the worker since it went there is not among them.
    const worker = await workerById(store.read, session.id);
    if (worker?.engine !== engine) return [];
  }
  for (const row of open) {
    if (!here.has(row.id)) await cameWithout(context, session, row);
  }
  // Together, so that the store commits them together.
  return Promise.all(hello.builds.map((reported) => answer(context, session, reported)));
}

/** If the worker ever had it, it is lost. */
async function cameWithout(
  context: ReattachContext,
  session: Session,
  row: BuildRow,
): Promise<void> {
  const { builds } = context;
  const build = await carried(context, row);
  if (build?.state === 'offered') return builds.giveBack(build, notTaken);
  await builds.lose(row, `worker ${session.name} came back without it`);
}

async function answer(
  context: ReattachContext,
  session: Session,
  reported: ReportedBuild,
): Promise<WelcomeBuild> {
  // What ends or is given up just as it is taken over is answered as what it is by then.
  const answered =
    (await tryToAnswer(context, session, reported)) ??
    (await tryToAnswer(context, session, reported));
  return answered ?? abort(session, reported);
}

/** Undefined when the build was not to be had any more. */
async function tryToAnswer(
  context: ReattachContext,
  session: Session,
  reported: ReportedBuild,
): Promise<WelcomeBuild | undefined> {
  const row = await buildById(context.store.read, reported.build);
  const known = row && {
    ...row,
    workerId: row.worker_id,
    hasLateResult: row.late_json !== null,
  };
  const action = reattachment(known, { workerId: session.id, epoch: reported.epoch });
  if (row === undefined || action === 'abort') return abort(session, reported);
  const found = await (action === 'continue' ? carried(context, row) : load(context, row));
  const build = found && (await takeOver(context, session, found));
  if (build === undefined) return undefined;
  const logs = await positions(context, build);
  if (logs === undefined) return abort(session, reported);
  return { build: build.id, action, epoch: build.epoch, entries: build.entries, logs };
}

function abort(session: Session, { build, epoch }: ReportedBuild): WelcomeBuild {
  session.formerBuilds.add(build);
  return { build, action: 'abort', epoch, entries: 0, logs: [] };
}

/** A build that has not ended; read from the store when this engine has no copy, or an old one. */
async function carried(context: ReattachContext, row: BuildRow): Promise<LiveBuild | undefined> {
  const build = context.builds.get(row.id);
  return build === undefined || build.epoch < row.epoch ? load(context, row) : build;
}

async function load(
  { store, builds }: ReattachContext,
  row: BuildRow,
): Promise<LiveBuild | undefined> {
  const [build] = await loadBuilds(store.read, [row]);
  if (build !== undefined) builds.add(build);
  return build;
}

/** Raises the epoch of a build for the session that has it. Undefined when it is not to be had any more. */
async function takeOver(
  context: ReattachContext,
  session: Session,
  found: LiveBuild,
): Promise<LiveBuild | undefined> {
  const { store, builds } = context;
  // What the old link brought is stored before the new one is told where to go on.
  found.session = undefined;
  await found.tail;
  const taken = await store.unit((db) =>
    found.isLate
      ? takeLate(db, found.id, { epoch: found.epoch, engine: context.engine ?? null })
      : attach(db, context, session, found),
  );
  if (taken === undefined) {
    if (found.isLate) builds.forget(found);
    return undefined;
  }
  const build = taken.entries === found.entries ? found : await reload(context, found);
  if (build === undefined) return undefined;
  build.epoch = taken.epoch;
  build.session = session;
  build.state = 'started';
  build.isDetached = false;
  build.sequences.clear();
  build.isRewinding = false;
  build.heldBack.clear();
  return build;
}

/** Another engine wrote, until its epoch was over, what had come to it. */
async function reload(context: ReattachContext, { id }: LiveBuild): Promise<LiveBuild | undefined> {
  const row = await buildById(context.store.read, id);
  return row && (await load(context, row));
}

async function attach(
  db: Kysely<Database>,
  { now, engine }: ReattachContext,
  { boot, name }: Session,
  build: LiveBuild,
): Promise<Taken | undefined> {
  const at = now();
  const { epoch, isDetached } = build;
  const from = { epoch, boot, leaseUntil: at + leaseMs, engine: engine ?? null };
  const taken = await raiseEpoch(db, build.id, from);
  if (taken === undefined) return undefined;
  const builder = await builderById(db, build.builderId);
  if (builder === undefined) throw new Error(`build ${build.id} has no builder`);
  const data = { worker: name, epoch: taken.epoch, detached: isDetached };
  await recordEvents(db, [buildEvent('build.attached', builder, build, at, data)]);
  return taken;
}

/**
 * Where each log goes on. Undefined for a build that came so late that its logs are packed or gone,
 * and for one whose logs can't be read: that one is lost, and its worker's others go on.
 */
async function positions(
  { logs, builds, log }: ReattachContext,
  build: LiveBuild,
): Promise<WelcomeBuild['logs'] | undefined> {
  try {
    return await Promise.all(
      build.logs.map(async (id, step) => ({
        step,
        offset: await logs.position({ id, file: build.file }),
      })),
    );
  } catch (error) {
    // Neither says anything of the logs: the worker comes again.
    if (error instanceof DiskFullError || error instanceof StoreAwayError) throw error;
    if (build.isLate) builds.forget(build);
    else {
      log.warn(`the logs of build ${build.id} can't be read: ${String(error)}`, {
        build: build.id,
      });
      await builds.loseById(build.id, "the farm can't read its logs", { isMeant: true });
    }
    return undefined;
  }
}
