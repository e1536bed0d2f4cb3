import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

interface RecurrenceKey {
  /** `upstream/NAME` or `project/NAME` */
  readonly owner: string;
  readonly name: string;
}

/** When a recurrence was due last, or was seen first; undefined when it is new. */
export async function lastFiring(
  db: Kysely<Database>,
  { owner, name }: RecurrenceKey,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('recurrence')
    .select('last_at')
    .where('owner', '=', owner)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.last_at;
}

/** A new recurrence is due for the first time after now. */
export async function insertFirstSeen(
  db: Kysely<Database>,
  key: RecurrenceKey,
  at: number,
): Promise<void> {
  await db
    .insertInto('recurrence')
    .values({ ...key, last_at: at })
    .onConflict((conflict) => conflict.columns(['owner', 'name']).doNothing())
    .execute();
}

/** Takes a firing: once on the whole farm. False when somebody else did. */
export async function takeFiring(
  db: Kysely<Database>,
  { owner, name }: RecurrenceKey,
  { last, at }: { last: number; at: number },
): Promise<boolean> {
  const taken = await db
    .updateTable('recurrence')
    .set({ last_at: at })
    .where('owner', '=', owner)
    .where('name', '=', name)
    .where('last_at', '=', last)
    .executeTakeFirst();
  return taken.numUpdatedRows > 0n;
}
