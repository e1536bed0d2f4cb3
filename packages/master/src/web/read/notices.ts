import type { NoticeContent } from '@weir/model';
import { maskedAddress } from '@weir/model';
import type { ApiDelivery, ApiNotice, DeliveryState } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { DeliveryRow } from '../../store/deliveries.ts';
import type { NoticeRow } from '../../store/notices.ts';
import { contentOf, noticeById } from '../../store/notices.ts';
import type { Database } from '../../store/schema.ts';
import type { SubscriptionRow } from '../../store/subscriptions.ts';
import { subscriptionsById } from '../../store/subscriptions.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';

/** Who looks: visitors see addresses masked, and not what servers within the farm's network said. */
export interface Viewer {
  readonly isVisitor: boolean;
}

/** Notices, newest first. */
export async function listNotices(
  db: Kysely<Database>,
  ask: PageAsk & { about?: string | undefined },
): Promise<Page<ApiNotice>> {
  const after = decodeCursor(ask.cursor, ['number']);
  let query = noticeRows(db)
    .orderBy('notice.id', 'desc')
    .limit(ask.limit + 1);
  if (after) query = query.where('notice.id', '<', after[0]);
  if (ask.about !== undefined) query = query.where('about', '=', ask.about);
  const page = toPage(await query.execute(), ask.limit, (row) => [row.id]);
  return { items: page.items.map(toNotice), next: page.next };
}

export async function readNotice(db: Kysely<Database>, id: number): Promise<ApiNotice | undefined> {
  const row = await noticeRows(db).where('notice.id', '=', id).executeTakeFirst();
  return row && toNotice(row);
}

/** Deliveries, newest first. */
export async function listDeliveries(
  db: Kysely<Database>,
  ask: PageAsk & { notice?: number | undefined; state?: DeliveryState | undefined },
  viewer: Viewer,
): Promise<Page<ApiDelivery>> {
  const after = decodeCursor(ask.cursor, ['number']);
  let query = deliveryRows(db)
    .orderBy('delivery.id', 'desc')
    .limit(ask.limit + 1);
  if (after) query = query.where('delivery.id', '<', after[0]);
  if (ask.notice !== undefined) query = query.where('notice_id', '=', ask.notice);
  if (ask.state !== undefined) query = query.where('delivery.state', '=', ask.state);
  const page = toPage(await query.execute(), ask.limit, (row) => [row.id]);
  return { items: page.items.map((row) => toDelivery(row, viewer)), next: page.next };
}

export async function readDelivery(
  db: Kysely<Database>,
  id: number,
  viewer: Viewer,
): Promise<ApiDelivery | undefined> {
  const row = await deliveryRows(db).where('delivery.id', '=', id).executeTakeFirst();
  return row && toDelivery(row, viewer);
}

/** A delivery with what it says, and the subscriptions because of which it was written. */
export interface DeliveryView {
  readonly delivery: ApiDelivery;
  readonly content: NoticeContent;
  readonly subscriptions: readonly SubscriptionRow[];
}

export async function readDeliveryView(
  db: Kysely<Database>,
  id: number,
  viewer: Viewer,
): Promise<DeliveryView | undefined> {
  const row = await deliveryRows(db).where('delivery.id', '=', id).executeTakeFirst();
  const notice = row && (await noticeById(db, row.notice_id));
  if (row === undefined || notice === undefined) return undefined;
  const ids = JSON.parse(row.subscriptions_json) as number[];
  return {
    delivery: toDelivery(row, viewer),
    content: contentOf(notice),
    subscriptions: await subscriptionsById(db, ids),
  };
}

function noticeRows(db: Kysely<Database>) {
  return db
    .selectFrom('notice')
    .selectAll('notice')
    .select((eb) =>
      eb
        .selectFrom('delivery')
        .select((each) => each.fn.countAll<number>().as('count'))
        .whereRef('delivery.notice_id', '=', 'notice.id')
        .as('deliveries'),
    );
}

// A left join can't be turned round: the planner has to begin at the deliveries.
function deliveryRows(db: Kysely<Database>) {
  return db
    .selectFrom('delivery')
    .leftJoin('notice', 'notice.id', 'delivery.notice_id')
    .selectAll('delivery')
    .select(['notice.kind', 'notice.about', 'notice.headline']);
}

function toNotice(row: NoticeRow & { deliveries: number | null }): ApiNotice {
  return {
    id: row.id,
    kind: row.kind,
    about: row.about,
    state: row.state,
    headline: row.headline,
    createdAt: row.created_at,
    toldAt: row.told_at,
    deliveries: row.deliveries ?? 0,
  };
}

type DeliveryWithNotice = DeliveryRow & {
  kind: NoticeRow['kind'] | null;
  about: string | null;
  headline: string | null;
};

function toDelivery(row: DeliveryWithNotice, { isVisitor }: Viewer): ApiDelivery {
  const isMasked = isVisitor && row.channel === 'mail';
  return {
    id: row.id,
    notice: row.notice_id,
    kind: row.kind ?? 'confirmation',
    about: row.about ?? '',
    headline: row.headline ?? '',
    channel: row.channel,
    address: isMasked ? maskedAddress(row.address) : row.address,
    state: row.state,
    tries: row.tries,
    notBefore: row.state === 'waiting' ? row.not_before : null,
    error: isVisitor ? null : row.error,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}
