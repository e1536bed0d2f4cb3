import type { Kysely } from 'kysely';
import { isLoopbackAddress, networkOf } from '../network.ts';
import { recordEvents } from '../store/events.ts';
import type { Database } from '../store/schema.ts';
import { deletePendingBefore, pendingFrom } from '../store/workers.ts';

/** Strangers may ask, but not fill the store: so many may wait to be accepted, */
const maxPending = 200;
/** and so many of them from one address. */
const maxPendingOfAddress = 10;
/** Who was not accepted by then is forgotten; a worker that still runs asks anew. */
const pendingDays = 14;
const dayMs = 24 * 3_600_000;

/** Why nobody more may ask from this address just now. */
export async function queueRefusal(
  db: Kysely<Database>,
  address: string,
): Promise<string | undefined> {
  const pending = await pendingFrom(db);
  if (pending.length >= maxPending) {
    return 'too many workers wait to be accepted: try again later';
  }
  // Behind a proxy on this machine all addresses look alike.
  if (isLoopbackAddress(address)) return undefined;
  const same = pending.filter(
    (from) => from !== null && networkOf(from) === networkOf(address),
  ).length;
  if (same < maxPendingOfAddress) return undefined;
  return `${same} workers from ${address} wait to be accepted: have an admin accept or reject some`;
}

/** Forgets who was not accepted in time. Runs in a unit. */
export async function expirePending(db: Kysely<Database>, at: number): Promise<void> {
  const names = await deletePendingBefore(db, at - pendingDays * dayMs);
  await recordEvents(
    db,
    names.map((name) => ({
      at,
      kind: 'worker.forgotten',
      actor: 'engine',
      subject: `worker/${name}`,
      data: { days: pendingDays },
    })),
  );
}
