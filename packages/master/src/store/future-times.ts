import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

const hour = 3_600_000;

/** The longest that each of these may lie ahead, by the rule that writes it. */
const longest = {
  request: hour / 12,
  delivery: 6 * hour,
  probation: 24 * hour,
  person: 720 * hour,
} as const;

/**
 * A clock that was ahead when they were written keeps nothing waiting, and no invitation good, for
 * longer than the rules do. Runs in a unit, at the start.
 */
export async function bringBackFutureTimes(db: Kysely<Database>, now: number): Promise<void> {
  const request = now + longest.request;
  await db
    .updateTable('request')
    .set({ not_before: request })
    .where('state', '=', 'waiting')
    .where('not_before', '>', request)
    .execute();
  const delivery = now + longest.delivery;
  await db
    .updateTable('delivery')
    .set({ not_before: delivery })
    .where('state', '=', 'waiting')
    .where('not_before', '>', delivery)
    .execute();
  const probation = now + longest.probation;
  await db
    .updateTable('worker')
    .set({ probation_not_before: probation })
    .where('probation_not_before', '>', probation)
    .execute();
  const person = now + longest.person;
  await db
    .updateTable('invitation')
    .set({ expires_at: person })
    .where('expires_at', '>', person)
    .execute();
  await db
    .updateTable('breakage')
    .set({ acknowledged_until: person })
    .where('closed_at', 'is', null)
    .where('acknowledged_until', '>', person)
    .execute();
}
