import { familyOf } from '@weir/model';
import type { BuildsElsewhere, EndedElsewhere } from '../builds/elsewhere.ts';
import { readEnded } from '../builds/elsewhere.ts';
import type { EndingContext } from '../dispatch/build-ended.ts';
import { runtimeMade } from '../dispatch/build-ended.ts';
import type { Effects } from '../effects.ts';
import type { LoggedEvent } from '../events/reader.ts';
import { waitingAmong } from '../store/requests.ts';
import { troubleOf } from '../store/trouble.ts';
import { workerByName } from '../store/workers.ts';
import type { Probation } from '../workers/probation.ts';

export interface HearContext extends EndingContext {
  readonly elsewhere: BuildsElsewhere;
  /** Builds that this engine ended, until it hears of that: what follows has followed. */
  readonly endedHere: Set<number>;
  readonly probation: Pick<Probation, 'consider'>;
  readonly effects: Effects;
  /** Workers of other engines are online again. */
  cameBack(): Promise<void>;
  /** Puts in force here what another process put in force. */
  catchUp(): Promise<void>;
}

/** Kinds of events that tell of something about a worker that its session has a copy of. */
const workerKinds = new Set(
  ['paused', 'resumed', 'trusted', 'promoted', 'disagreed', 'revoked']
    .concat(['quarantined', 'released', 'recovered'])
    .map((verb) => `worker.${verb}`),
);
/** These end a build. */
const endKinds = new Set(['build.finished', 'build.lost', 'build.cancelled']);
/** After these other artifacts are there. */
const artifactKinds = new Set(['artifact.dropped', 'farm.retained']);

/**
 * Keeps what an engine has in memory right when other processes write: what they wrote is in the log.
 * Its own events come by as well; what follows from them a second time does no harm.
 *
 * @throws Error when the store can't be read or written just now: these events are to be heard again
 */
export async function hear(context: HearContext, events: readonly LoggedEvent[]): Promise<void> {
  const { store, elsewhere, effects, artifacts, dispatcher, probation, log } = context;
  const { read } = store;
  const idsOf = (isKind: (event: LoggedEvent) => boolean): number[] => [
    ...new Set(events.filter(isKind).map(idOf)),
  ];
  for (const event of events) {
    await hearOne(context, event).catch((error: unknown) => {
      if (troubleOf(error) !== undefined) throw error;
      log.warn(`event ${event.number} of another process did not take effect: ${String(error)}`);
    });
  }
  // A link that went elsewhere is ended by now: what it had is not this engine's any more.
  const begun = idsOf(({ kind }) => kind === 'build.started' || kind === 'build.attached');
  await elsewhere.began(read, begun);
  const over = idsOf(({ kind }) => endKinds.has(kind));
  for (const id of over) elsewhere.forget(id);
  const ended = over.filter((id) => !context.endedHere.has(id));
  if (ended.length > 0) await buildsEnded(context, await readEnded(read, ended));
  const isMissing = events.some(({ kind }) => artifactKinds.has(kind));
  if (isMissing) await artifacts.rebuild(read);
  // Behind all that may keep a request from being given out: a pause, say, that came before it.
  const asked = events.flatMap((event) => waitsMaybe(event) ?? []);
  if (asked.length > 0) {
    for (const request of await waitingAmong(read, asked)) effects.requestWaits(request);
  }
  if (isMissing || over.length > 0) dispatcher.wake();
  if (events.some(({ kind }) => kind === 'worker.online')) await context.cameBack();
  if (events.some(({ kind, data }) => endKinds.has(kind) && data['trial'] !== undefined)) {
    await probation.consider();
  }
  for (const id of over) context.endedHere.delete(id);
}

/**
 * The request that an event brings to the queue, if it may not come there by itself: other engines'
 * requests do, but for those whose engine went as it gave them back; people's may come from a process
 * that has no queue.
 */
function waitsMaybe(event: LoggedEvent): number | undefined {
  const { kind, actor, data } = event;
  if (kind === 'request.created') return actor === 'engine' ? undefined : idOf(event);
  if (kind === 'request.declined') return idOf(event);
  return kind === 'build.lost' && data['retried'] === true ? Number(data['request']) : undefined;
}

async function hearOne(context: HearContext, event: LoggedEvent): Promise<void> {
  const { elsewhere, sessions, effects, farmInForce } = context;
  const { kind, subject, data, actor } = event;
  if (workerKinds.has(kind)) {
    const session = sessionOf(context, subject);
    if (session !== undefined) return effects.workerChanged(session.id);
    // Its builds are lost wherever they are.
    if (kind === 'worker.revoked') await revoked(context, event);
    return;
  }
  switch (kind) {
    case 'build.lost':
    case 'build.cancelled':
      return elsewhere.lost(idOf(event), textOf(data['text']));
    case 'build.detached':
      return elsewhere.detached(idOf(event));
    case 'build.cancel-requested':
      return effects.cancelBuild(idOf(event), textOf(data['reason']));
    case 'request.declined':
      return elsewhere.forget(Number(data['build']));
    case 'request.cancelled':
      if (actor !== 'engine') effects.requestGone(idOf(event));
      return;
    case 'worker.online': {
      const session = sessionOf(context, subject);
      if (session !== undefined) await sessions.connected(session.id);
      return;
    }
    case 'builder.paused':
    case 'builder.resumed': {
      const builder = [...farmInForce.builders().values()].find(
        ({ name }) => subject === `builder/${name}`,
      );
      if (builder !== undefined) await effects.builderChanged(builder.id);
      return;
    }
    case 'farm.applied':
      return context.catchUp();
    case 'subscription.asked':
    case 'delivery.retried':
      return effects.noticesChanged();
  }
}

async function revoked({ store, effects }: HearContext, { subject }: LoggedEvent): Promise<void> {
  const worker = await workerByName(store.read, subject.slice('worker/'.length));
  if (worker !== undefined) await effects.workerChanged(worker.id);
}

function sessionOf({ sessions }: HearContext, subject: string) {
  return sessions.all().find(({ name }) => subject === `worker/${name}`);
}

/** Builds ended on other engines: dispatch goes by what became of them. */
async function buildsEnded(context: HearContext, ended: readonly EndedElsewhere[]): Promise<void> {
  const { farmInForce, sessions, quarantines, usage } = context;
  const changed = new Set<number>();
  for (const build of ended) {
    if (sessions.of(build.workerId) !== undefined) await quarantines.refresh(build.workerId);
    const builder = farmInForce.builders().get(build.builderId);
    if (builder === undefined) continue;
    const { startedAt, finishedAt, result } = build;
    usage.add({ family: familyOf(builder), startedAt, finishedAt });
    if (builder.kind === 'runtime') await runtimeMade(context, { ...build, result });
    changed.add(builder.id);
  }
  for (const builder of changed) await farmInForce.refreshOne(builder);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `build/7`: 7. */
function idOf({ subject }: LoggedEvent): number {
  return Number(subject.slice(subject.indexOf('/') + 1));
}
