import type { BuilderFacts } from '@weir/model';
import { runtimeKey } from '@weir/model';
import type { LiveBuilds } from '../builds/live-builds.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import { runtimeBuilderId } from '../dispatch/runtimes.ts';
import type { Log } from '../log.ts';
import { dropRuntime } from '../store/runtimes.ts';
import type { Store } from '../store/store.ts';
import { setDiskFull } from '../store/workers.ts';
import type { SessionMessage } from './link.ts';
import type { Session } from './session.ts';

export interface SessionMessageContext {
  readonly store: Store;
  readonly builds: LiveBuilds;
  readonly builders: () => ReadonlyMap<number, BuilderFacts>;
  readonly dispatcher: Dispatcher;
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
      return;
    case 'ready':
      return ready(context, session, message);
    case 'runtime-dropped':
      return runtimeDropped(context, session, message);
    case 'accept':
    case 'decline':
    case 'journal':
      return context.builds.message(session, message);
  }
}

function ready(
  { store, dispatcher, log }: SessionMessageContext,
  session: Session,
  { slots, paused, diskFull }: Ready,
): void {
  session.credit = Math.min(slots, session.slots);
  session.ownerPause = paused;
  if (session.diskFull !== diskFull) {
    session.diskFull = diskFull;
    store
      .unit((db) => setDiskFull(db, session.id, diskFull))
      .catch((error: unknown) => log.warn(String(error)));
  }
  dispatcher.wake();
}

function runtimeDropped(
  { store, builders, log }: SessionMessageContext,
  session: Session,
  { runtime }: RuntimeDropped,
): void {
  const builderId = runtimeBuilderId(runtime, builders());
  if (builderId === undefined) return;
  session.kept.delete(runtimeKey(builderId, runtime.commit));
  store
    .unit((db) => dropRuntime(db, { workerId: session.id, builderId, commit: runtime.commit }))
    .catch((error: unknown) => log.warn(String(error)));
}
