import type { BuilderFacts } from '@weir/model';
import { runtimeKey } from '@weir/model';
import type { Kysely } from 'kysely';
import type { LiveBuilds } from '../builds/live-builds.ts';
import type { Clock } from '../clock.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { runtimeBuilderId } from '../dispatch/runtimes.ts';
import type { Log } from '../log.ts';
import { dropRuntime } from '../store/runtimes.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { setClockSkew, setDiskFull, setResting } from '../store/workers.ts';
import type { SessionMessage } from './link.ts';
import { writeLeft, writeOwnerPause } from './owner.ts';
import type { Session } from './session.ts';

export interface SessionMessageContext {
  readonly store: Store;
  readonly builds: LiveBuilds;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  readonly dispatcher: Dispatcher;
  readonly now: Clock;
  readonly log: Log;
}

type Ready = Extract<SessionMessage, { t: 'ready' }>;
type RuntimeDropped = Extract<SessionMessage, { t: 'runtime-dropped' }>;

/** What a worker says in its session, brought to whom it concerns. */
export function sessionMessage(
  context: SessionMessageContext,
  session: Session,
  message: SessionMessage,
): void {
  switch (message.t) {
    case 'beat':
      return clockShown(context, session, message.at);
    case 'ready':
      return ready(context, session, message);
    case 'runtime-dropped':
      return runtimeDropped(context, session, message);
    case 'owner':
      session.ownerPause = message.pause;
      write(context, session, (db) => writeOwnerPause(db, session, message.pause, context.now()));
      return context.dispatcher.wake();
    case 'left':
      return write(context, session, (db) => writeLeft(db, session, context.now()));
    case 'accept':
    case 'decline':
    case 'journal':
    case 'lost':
      return context.builds.message(session, message);
  }
}

/** Smaller changes than this may be the line's. */
const skewStepMs = 5_000;

/** A worker told what its clock shows. */
function clockShown(context: SessionMessageContext, session: Session, at: number): void {
  const skewMs = at - context.now();
  if (Math.abs(skewMs - session.clockSkewMs) < skewStepMs) return;
  session.clockSkewMs = skewMs;
  write(context, session, (db) => setClockSkew(db, session.id, skewMs));
}

function ready(
  context: SessionMessageContext,
  session: Session,
  { slots, paused, diskFull }: Ready,
): void {
  session.credit = Math.min(slots, session.slots);
  if (session.resting !== paused) {
    session.resting = paused;
    write(context, session, (db) => setResting(db, session.id, paused));
  }
  if (session.diskFull !== diskFull) {
    session.diskFull = diskFull;
    write(context, session, (db) => setDiskFull(db, session.id, diskFull));
  }
  context.dispatcher.wake();
}

function runtimeDropped(
  context: SessionMessageContext,
  session: Session,
  { runtime }: RuntimeDropped,
): void {
  const builderId = runtimeBuilderId(runtime, context.builders());
  if (builderId === undefined) return;
  session.kept.delete(runtimeKey(builderId, runtime.commit));
  write(context, session, (db) =>
    dropRuntime(db, { workerId: session.id, builderId, commit: runtime.commit }),
  );
}

function write(
  { store, log }: SessionMessageContext,
  { name }: Session,
  unit: (db: Kysely<Database>) => Promise<unknown>,
): void {
  store.unit(unit).catch((error: unknown) => log.warn(String(error), { worker: name }));
}
