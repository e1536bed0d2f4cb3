import type { BuilderFacts } from '@weir/model';
import { familyOf, runtimeKey } from '@weir/model';
import type { EndedBuild } from '../builds/ended-build.ts';
import type { Artifacts } from '../builds/objects/artifacts.ts';
import type { Clock } from '../clock.ts';
import type { FarmInForce } from '../farm/in-force.ts';
import type { Log } from '../log.ts';
import type { RequestRow } from '../store/requests.ts';
import { requestById } from '../store/requests.ts';
import type { Store } from '../store/store.ts';
import type { Quarantines } from '../workers/quarantines.ts';
import type { Sessions } from '../workers/sessions.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Usage } from './usage.ts';

export interface EndingContext {
  readonly store: Store;
  readonly farmInForce: FarmInForce;
  readonly sessions: Sessions;
  readonly quarantines: Quarantines;
  readonly dispatcher: Dispatcher;
  readonly usage: Usage;
  readonly artifacts: Artifacts;
  readonly now: Clock;
  readonly log: Log;
}

/** After a build ended: the copies in memory follow the store, and what waited for it goes on. */
export async function buildEnded(context: EndingContext, build: EndedBuild): Promise<void> {
  const { store, farmInForce, quarantines, dispatcher, usage, now, log } = context;
  const following = dispatcher.follow(build);
  try {
    await quarantines.refresh(build.workerId);
    const builder = farmInForce.builders().get(build.builderId);
    const request = await requestById(store.read, build.requestId);
    if (builder === undefined || request === undefined) return;
    const { startedAt } = build;
    usage.add({ family: familyOf(builder), startedAt, finishedAt: now() });
    if (builder.kind === 'runtime') await runtimeEnded(context, builder, build, request);
    await farmInForce.refreshOne(builder.id);
    if (request.state === 'waiting') dispatcher.enqueue(request);
  } catch (error) {
    const about = { request: build.requestId };
    log.warn(`after a build of request ${build.requestId}: ${String(error)}`, about);
  } finally {
    following[Symbol.dispose]();
    dispatcher.wake();
  }
}

async function runtimeEnded(
  context: EndingContext,
  builder: BuilderFacts,
  build: EndedBuild,
  { upstream_commit: upstreamCommit, result }: RequestRow,
): Promise<void> {
  await runtimeMade(context, { ...build, builderId: builder.id, upstreamCommit, result });
  if (result !== 'success' && result !== 'warnings') await context.dispatcher.endBlocked();
}

/** A build of a runtime ended, wherever: the copies of who has it follow. */
export async function runtimeMade(
  { store, sessions, artifacts }: EndingContext,
  build: { builderId: number; workerId: number; upstreamCommit: string; result: string | null },
): Promise<void> {
  const { builderId, workerId, upstreamCommit: commit, result } = build;
  await artifacts.refresh(store.read, builderId, commit);
  const session = sessions.of(workerId);
  const key = runtimeKey(builderId, commit);
  if (result === 'success' || result === 'warnings') session?.kept.add(key);
  else if (result === 'failure') session?.failed.add(key);
}
