import type { Channel } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import type { DeliveryTable } from './schema/notice.ts';

export type DeliveryRow = Selectable<DeliveryTable>;

export interface NewDelivery {
  readonly notice: number;
  readonly channel: Channel;
  readonly address: string;
  readonly subscriptions: readonly number[];
  readonly messageId: string;
  readonly answers: string | null;
}

export async function insertDeliveries(
  db: Kysely<Database>,
  deliveries: readonly NewDelivery[],
  at: number,
): Promise<void> {
  for (const { notice, channel, address, subscriptions, messageId, answers } of deliveries) {
    await db
      .insertInto('delivery')
      .values({
        notice_id: notice,
        channel,
        address,
        subscriptions_json: JSON.stringify(subscriptions),
        message_id: messageId,
        answers_message_id: answers,
        state: 'waiting',
        tries: 0,
        not_before: at,
        created_at: at,
      })
      .execute();
  }
}

/** Written out, not bound: only then does SQLite use the index of what waits. */
const isWaiting = sql<boolean>`state = 'waiting'`;

/** Deliveries by a channel that may be tried by then, those that wait longest first. */
export function dueDeliveries(
  db: Kysely<Database>,
  { channel, at, limit }: { channel: Channel; at: number; limit: number },
): Promise<DeliveryRow[]> {
  return db
    .selectFrom('delivery')
    .selectAll()
    .where(isWaiting)
    .where('channel', '=', channel)
    .where('not_before', '<=', at)
    .orderBy('not_before')
    .limit(limit)
    .execute();
}

/** When the next one that waits may be tried. */
export async function nextDeliveryAt(
  db: Kysely<Database>,
  { channel, after }: { channel: Channel; after: number },
): Promise<number | undefined> {
  const row = await db
    .selectFrom('delivery')
    .select('not_before')
    .where(isWaiting)
    .where('channel', '=', channel)
    .where('not_before', '>', after)
    .orderBy('not_before')
    .limit(1)
    .executeTakeFirst();
  return row?.not_before;
}

export function deliveryById(db: Kysely<Database>, id: number): Promise<DeliveryRow | undefined> {
  return db.selectFrom('delivery').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Every delivery of a notice about one thing, oldest first. */
export function deliveriesAbout(db: Kysely<Database>, about: string): Promise<DeliveryRow[]> {
  return db
    .selectFrom('notice')
    .innerJoin('delivery', 'delivery.notice_id', 'notice.id')
    .selectAll('delivery')
    .where('notice.about', '=', about)
    .orderBy('delivery.id')
    .execute();
}

/** How a try ended. False when the delivery does not wait any more. */
export async function endTry(
  db: Kysely<Database>,
  { id, tries }: Pick<DeliveryRow, 'id' | 'tries'>,
  end: Pick<DeliveryRow, 'state' | 'not_before' | 'error' | 'ended_at'>,
): Promise<boolean> {
  const set = await db
    .updateTable('delivery')
    .set({ ...end, tries: tries + 1 })
    .where('id', '=', id)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return set.numUpdatedRows > 0n;
}

/** Has a delivery that failed, or that waits for its next try, tried at once. False when it was sent. */
export async function retryDelivery(
  db: Kysely<Database>,
  id: number,
  at: number,
): Promise<boolean> {
  const set = await db
    .updateTable('delivery')
    .set({ state: 'waiting', tries: 0, not_before: at, ended_at: null })
    .where('id', '=', id)
    .where('state', '!=', 'sent')
    .executeTakeFirst();
  return set.numUpdatedRows > 0n;
}

/** What is on its way to somebody: how much, and since when the oldest of it. */
export async function waitingDeliveries(
  db: Kysely<Database>,
): Promise<{ count: number; since: number | null }> {
  return db
    .selectFrom('delivery')
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('created_at').as('since')])
    .where(isWaiting)
    .executeTakeFirstOrThrow();
}
