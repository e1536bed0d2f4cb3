import type { Kysely } from 'kysely';
import { CommandError } from '../command.ts';
import { recordEvents } from '../store/events.ts';
import { forgiveWorker } from '../store/quarantine.ts';
import type { Database } from '../store/schema.ts';
import { workerByName } from '../store/workers.ts';
import { recovered } from './judge-worker.ts';

/**
 * An admin lets a worker go. Runs in a unit; the worker's id.
 *
 * @throws CommandError when there is no such worker, or it is not quarantined
 */
export async function releaseWorker(
  db: Kysely<Database>,
  {
    worker: name,
    actor,
    reason,
    at,
  }: { worker: string; actor: string; reason: string; at: number },
): Promise<number> {
  const worker = await workerByName(db, name);
  if (worker === undefined) {
    throw new CommandError(404, 'no-such-worker', `there is no worker ${name}`);
  }
  if (worker.quarantined_at === null) {
    throw new CommandError(409, 'no-change', `worker ${name} is not quarantined`);
  }
  await forgiveWorker(db, worker.id);
  const released = { at, kind: 'worker.released', actor, subject: `worker/${name}` };
  await recordEvents(db, [
    { ...released, data: { reason } },
    recovered(name, actor, at, { text: `It was released: ${reason}` }),
  ]);
  return worker.id;
}
