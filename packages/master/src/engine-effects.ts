import type { LiveBuilds } from './builds/live-builds.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Effects, OwnerAsk } from './effects.ts';
import type { FarmInForce } from './farm/in-force.ts';
import type { Queue } from './queue/queue.ts';
import type { Store } from './store/store.ts';
import type { WorkerRow } from './store/workers.ts';
import { quarantineOf, workerById } from './store/workers.ts';
import type { Session } from './workers/session.ts';
import type { Sessions } from './workers/sessions.ts';

export interface EngineEffectsContext {
  readonly store: Store;
  readonly farmInForce: Pick<FarmInForce, 'refreshOne'>;
  readonly sessions: Sessions;
  readonly builds: LiveBuilds;
  readonly dispatcher: Dispatcher;
  readonly queue: Queue;
  /** Deliveries may have been asked for. */
  deliver(): void;
  /** Lets all follow that follows from the farm file in force. */
  farmChanged(): Promise<void>;
  /** Asks the remotes of these branches soon, or of the farm file. */
  poll(branches: readonly string[], farmFile: boolean): void;
  /** Has the engine that has a worker's session ask it. */
  askElsewhere(worker: number, ask: OwnerAsk): void;
}

/** The effects where the engine is: at once. */
export function engineEffects(context: EngineEffectsContext): Effects {
  const { farmInForce, sessions, builds, dispatcher, queue } = context;
  return {
    requestWaits: (request) => dispatcher.enqueue(request),
    requestGone: (id) => queue.remove(id),
    cancelBuild: (build, reason) => builds.cancel(build, reason),
    workerChanged: (worker) => workerChanged(context, worker),
    askWorker(worker, ask) {
      const session = sessions.of(worker);
      if (session === undefined) return context.askElsewhere(worker, ask);
      const said = ask.t === 'slots' ? { t: 'owner' as const, slots: ask.slots } : ask;
      session.send(said);
    },
    async builderChanged(builder) {
      await farmInForce.refreshOne(builder);
      dispatcher.wake();
    },
    farmChanged: () => context.farmChanged(),
    poll: (branches, farmFile) => context.poll(branches, farmFile),
    noticesChanged: () => context.deliver(),
  };
}

async function workerChanged(context: EngineEffectsContext, id: number): Promise<void> {
  const { store, sessions, builds, dispatcher } = context;
  const session = sessions.of(id);
  const said = session?.ownerPause;
  // Behind the writes under way: what its machine said of itself just now stands in the row.
  const worker = await store.unit((db) => workerById(db, id), { isGuarded: true });
  if (worker === undefined) return;
  if (sessions.of(id) !== session) return workerChanged(context, id);
  if (worker.state === 'revoked') {
    if (session !== undefined) session.credit = 0;
    session?.close('revoked', "this worker's key was revoked");
    await builds.loseThoseOf(id, 'its worker was revoked');
  } else if (session !== undefined) {
    show(session, worker);
    // Unless its machine said another thing meanwhile, which is written next.
    if (session.ownerPause === said) showOwnerPause(session, worker.owner_paused_reason);
  }
  dispatcher.wake();
}

/** Makes a session say what the store says. */
function show(session: Session, worker: WorkerRow): void {
  if (session.trust !== worker.trust) {
    session.trust = worker.trust;
    session.isProbeable = true;
  }
  const { paused_by: by, paused_reason: reason } = worker;
  session.adminPause = by === null ? null : { by, reason: reason ?? '' };
  session.quarantined = quarantineOf(worker);
}

/** The machine is told, and keeps it. */
function showOwnerPause(session: Session, reason: string | null): void {
  if (session.ownerPause === reason) return;
  session.ownerPause = reason;
  session.send({ t: 'owner', pause: reason });
}
