import type { Kysely } from 'kysely';
import { recordEvents } from '../store/events.ts';
import { cancelRequest } from '../store/requests.ts';
import type { Database } from '../store/schema.ts';

/** Cancels a waiting request that means nothing under the farm file in force. Runs in a unit. */
export async function cancelMeaningless(
  db: Kysely<Database>,
  request: number,
  { at, reason }: { at: number; reason: string },
): Promise<void> {
  if (!(await cancelRequest(db, request, { at, supersededBy: null }))) return;
  const event = { at, kind: 'request.cancelled', actor: 'engine', subject: `request/${request}` };
  await recordEvents(db, [{ ...event, data: { reason } }]);
}
