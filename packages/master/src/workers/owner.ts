import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { CommandError } from '../command.ts';
import type { Command } from '../command.ts';
import { recordEvents } from '../store/events.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { setLeft, setOwnerPause, workerByName } from '../store/workers.ts';
import type { Session } from './session.ts';
import type { Sessions } from './sessions.ts';

export type OwnerCommand = Extract<
  Command,
  { t: 'owner-pause' | 'owner-resume' | 'owner-slots' | 'owner-leave' }
>;

export interface OwnerContext {
  readonly store: Store;
  readonly now: Clock;
  readonly sessions: Sessions;
}

/** The event log's name for a worker's owner. */
export function ownerOf(worker: string): string {
  return `owner:${worker}`;
}

/** Writes the owner's pause, or with null its end. Runs in a unit; false when it was so already. */
export async function writeOwnerPause(
  db: Kysely<Database>,
  worker: { id: number; name: string },
  reason: string | null,
  at: number,
): Promise<boolean> {
  const isNew = await setOwnerPause(db, worker.id, reason === null ? null : { at, reason });
  if (!isNew) return false;
  const kind = reason === null ? 'worker.resumed' : 'worker.paused';
  const about = { actor: ownerOf(worker.name), subject: `worker/${worker.name}` };
  await recordEvents(db, [{ at, kind, ...about, data: { reason: reason ?? '' } }]);
  return true;
}

/** Writes that the owner took the worker away. Runs in a unit. */
export async function writeLeft(
  db: Kysely<Database>,
  worker: { id: number; name: string },
  at: number,
): Promise<void> {
  await setLeft(db, worker.id, at);
  const about = { actor: ownerOf(worker.name), subject: `worker/${worker.name}` };
  await recordEvents(db, [{ at, kind: 'worker.left', ...about, data: {} }]);
}

/**
 * Does what a worker's owner wants; the machine is told, and keeps it.
 *
 * @throws CommandError when there is no such worker, or it can't be done while it is offline
 */
export async function runOwnerCommand(
  { store, now, sessions }: OwnerContext,
  command: OwnerCommand,
): Promise<void> {
  const session = sessions.all().find(({ name }) => name === command.worker);
  const worker = await workerByName(store.read, command.worker);
  if (worker?.state !== 'accepted') {
    throw new CommandError(404, 'no-such-worker', `there is no worker ${command.worker} here`);
  }
  switch (command.t) {
    case 'owner-pause':
    case 'owner-resume': {
      const reason = command.t === 'owner-pause' ? command.reason : null;
      await store.unit((db) => writeOwnerPause(db, worker, reason, now()));
      if (session === undefined) return;
      session.ownerPause = reason;
      session.send({ t: 'owner', pause: reason });
      return;
    }
    case 'owner-slots':
      return askForSlots(session, command);
    case 'owner-leave':
      if (session === undefined) await store.unit((db) => writeLeft(db, worker, now()));
      else session.send({ t: 'leave' });
  }
}

function askForSlots(
  session: Session | undefined,
  { worker, slots }: Extract<Command, { t: 'owner-slots' }>,
): void {
  if (session !== undefined) return session.send({ t: 'owner', slots });
  throw new CommandError(
    409,
    'worker-offline',
    `${worker} is offline: on its machine, 'node weir-worker.mjs slots ${slots}' does it`,
  );
}
