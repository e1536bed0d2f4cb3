import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import { CommandError } from '../command.ts';
import type { Command } from '../command.ts';
import type { Effects } from '../effects.ts';
import { recordEvents } from '../store/events.ts';
import { setLeft } from '../store/presence.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { setOwnerPause, workerByName } from '../store/workers.ts';

export type OwnerCommand = Extract<
  Command,
  { t: 'owner-pause' | 'owner-resume' | 'owner-slots' | 'owner-leave' }
>;

export interface OwnerContext {
  readonly store: Store;
  readonly now: Clock;
  readonly effects: Pick<Effects, 'workerChanged' | 'askWorker'>;
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
  { store, now, effects }: OwnerContext,
  command: OwnerCommand,
): Promise<void> {
  const worker = await workerByName(store.read, command.worker);
  if (worker?.state !== 'accepted') {
    throw new CommandError(404, 'no-such-worker', `there is no worker ${command.worker} here`);
  }
  const isOnline = worker.online === 1;
  switch (command.t) {
    case 'owner-pause':
    case 'owner-resume': {
      const reason = command.t === 'owner-pause' ? command.reason : null;
      await store.unit((db) => writeOwnerPause(db, worker, reason, now()));
      return effects.workerChanged(worker.id);
    }
    case 'owner-slots':
      if (!isOnline) throw offline(command);
      return effects.askWorker(worker.id, { t: 'slots', slots: command.slots });
    case 'owner-leave':
      if (isOnline) effects.askWorker(worker.id, { t: 'leave' });
      else await store.unit((db) => writeLeft(db, worker, now()));
  }
}

function offline({ worker, slots }: Extract<OwnerCommand, { t: 'owner-slots' }>): CommandError {
  return new CommandError(
    409,
    'worker-offline',
    `${worker} is offline: on its machine, 'node weir-worker.mjs slots ${slots}' does it`,
  );
}
