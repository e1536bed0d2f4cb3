import type { Scope } from '@weir/model';
import type { Channel } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { SubscriptionTable } from './schema/notice.ts';

export type SubscriptionRow = Selectable<SubscriptionTable>;

export interface NewSubscription {
  readonly channel: Channel;
  readonly address: string;
  readonly scope: Scope;
}

/** Those that are told of what belongs to one of these scopes. */
export function activeSubscriptions(
  db: Kysely<Database>,
  scopes: readonly Scope[],
): Promise<SubscriptionRow[]> {
  return db
    .selectFrom('subscription')
    .selectAll()
    .where('scope', 'in', scopes)
    .where('state', '=', 'active')
    .orderBy('id')
    .execute();
}

export function subscriptionById(
  db: Kysely<Database>,
  id: number,
): Promise<SubscriptionRow | undefined> {
  return db.selectFrom('subscription').selectAll().where('id', '=', id).executeTakeFirst();
}

export function subscriptionsById(
  db: Kysely<Database>,
  ids: readonly number[],
): Promise<SubscriptionRow[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return db.selectFrom('subscription').selectAll().where('id', 'in', ids).orderBy('id').execute();
}

/** Adds what is not there yet; one that its subscriber ended stays ended. */
export async function addSubscription(
  db: Kysely<Database>,
  { channel, address, scope }: NewSubscription,
  { source, at }: { source: 'farm file' | 'owner'; at: number },
): Promise<void> {
  await db
    .insertInto('subscription')
    .values({ channel, address, scope, source, state: 'active', asked_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Makes the rows of the farm file say what it says. */
export async function syncSubscriptions(
  db: Kysely<Database>,
  wanted: readonly NewSubscription[],
  at: number,
): Promise<void> {
  const known = await db
    .selectFrom('subscription')
    .selectAll()
    .where('source', '=', 'farm file')
    .execute();
  const named = new Set(wanted.map(keyOf));
  // One that was ended stays: it is the memory that this address wants no mail.
  const gone = known.filter((row) => row.state === 'active' && !named.has(keyOf(row)));
  for (const { id } of gone) await db.deleteFrom('subscription').where('id', '=', id).execute();
  const there = new Set(known.map(keyOf));
  for (const each of wanted) {
    if (!there.has(keyOf(each))) await addSubscription(db, each, { source: 'farm file', at });
  }
}

function keyOf({ channel, address, scope }: NewSubscription): string {
  return `${scope} ${channel} ${address}`;
}

/** A subscription that the page asks for: to be confirmed by mail, unless it is active already. */
export async function askForSubscription(
  db: Kysely<Database>,
  { channel, address, scope }: NewSubscription,
  at: number,
): Promise<SubscriptionRow> {
  return db
    .insertInto('subscription')
    .values({ channel, address, scope, source: 'page', state: 'asked', asked_at: at })
    .onConflict((conflict) =>
      conflict.columns(['scope', 'channel', 'address', 'source']).doUpdateSet((eb) => ({
        state: eb
          .case()
          .when('subscription.state', '=', 'active')
          .then('active' as const)
          .else('asked' as const)
          .end(),
        asked_at: at,
      })),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Subscriptions of the page that were asked for since then and are not confirmed. */
export function askedSince(db: Kysely<Database>, at: number): Promise<SubscriptionRow[]> {
  return db
    .selectFrom('subscription')
    .selectAll()
    .where('state', '=', 'asked')
    .where('asked_at', '>', at)
    .execute();
}

/** False when it was not in that state. */
export async function setSubscriptionState(
  db: Kysely<Database>,
  id: number,
  { from, to }: { from: SubscriptionRow['state']; to: SubscriptionRow['state'] },
): Promise<boolean> {
  const set = await db
    .updateTable('subscription')
    .set({ state: to })
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirst();
  return set.numUpdatedRows > 0n;
}
