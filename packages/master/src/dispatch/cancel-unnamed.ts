import type { Kysely } from 'kysely';
import { recordEvents } from '../store/events.ts';
import { cancelRequest } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/** Cancels a waiting request of a builder that the farm file names no more. Runs in a unit. */
export async function cancelUnnamed(
  db: Kysely<Database>,
  request: number,
  at: number,
): Promise<void> {
  if (!(await cancelRequest(db, request, { at, supersededBy: null }))) return;
  const event = { at, kind: 'request.cancelled', actor: 'engine', subject: `request/${request}` };
  const reason = 'the farm file names its builder no more';
  await recordEvents(db, [{ ...event, data: { reason } }]);
}
