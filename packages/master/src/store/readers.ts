import type { Kysely } from 'kysely';
import { eventBounds } from './events.ts';
import type { Database } from './schema.ts';

/** How far a reader has come; undefined when it never ran on this store. */
export async function readerCursor(
  db: Kysely<Database>,
  name: string,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('reader')
    .select('cursor')
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.cursor;
}

export async function insertReader(
  db: Kysely<Database>,
  name: string,
  cursor: number,
): Promise<void> {
  await db.insertInto('reader').values({ name, cursor }).execute();
}

/** Counts an event that a reader gave up. Runs in the unit that moves it on. */
export async function passOver(
  db: Kysely<Database>,
  name: string,
  { event, at }: { event: number; at: number },
): Promise<void> {
  await db
    .updateTable('reader')
    .set((eb) => ({
      passed_over: eb('passed_over', '+', 1),
      passed_event: event,
      passed_at: at,
    }))
    .where('name', '=', name)
    .execute();
}

/** Moves a reader on. False when it is not where it should be: another one moved it. */
export async function moveReader(
  db: Kysely<Database>,
  name: string,
  cursor: { from: number; to: number },
): Promise<boolean> {
  const moved = await db
    .updateTable('reader')
    .set({ cursor: cursor.to })
    .where('name', '=', name)
    .where('cursor', '=', cursor.from)
    .executeTakeFirst();
  return moved.numUpdatedRows > 0n;
}

/** How far each reader is behind the newest event, and what it left. */
export async function readerLags(
  db: Kysely<Database>,
): Promise<{ name: string; behind: number; passedOver: number }[]> {
  const rows = await db.selectFrom('reader').selectAll().orderBy('name').execute();
  const { newest } = await eventBounds(db);
  return rows.map(({ name, cursor, passed_over: passedOver }) => ({
    name,
    behind: Math.max(0, newest - cursor),
    passedOver,
  }));
}
