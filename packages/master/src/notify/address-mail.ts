import type { Farm, NoticeContent } from '@weir/model';
import { letterOf } from '@weir/model';
import type { Kysely } from 'kysely';
import type { SendMailOptions } from 'nodemailer';
import type { DeliveryRow } from '../store/deliveries.ts';
import { contentOf, noticeById } from '../store/notices.ts';
import type { Database } from '../store/schema.ts';
import type { SubscriptionRow } from '../store/subscriptions.ts';
import { subscriptionsById } from '../store/subscriptions.ts';
import { mailOf } from './mail.ts';
import { leavePath } from './tokens.ts';

export interface MailContext {
  readonly db: Kysely<Database>;
  readonly farm: Pick<Farm, 'name' | 'notify'>;
  /** Where the pages are, without a slash at the end. */
  readonly url: string;
}

/** The mail of a delivery; null when its recipient wants it no more. */
export async function addressMail(
  { db, farm, url }: MailContext,
  delivery: DeliveryRow,
): Promise<SendMailOptions | null> {
  const notice = await noticeById(db, delivery.notice_id);
  if (notice === undefined) throw new Error(`there is no notice ${delivery.notice_id}`);
  const content = contentOf(notice);
  const ids = JSON.parse(delivery.subscriptions_json) as number[];
  const wanted = wantedOf(content, await subscriptionsById(db, ids));
  if (wanted.length === 0) return null;
  const links = await linksOf(db, url, content, wanted);
  const letter = letterOf(content, {
    farm: farm.name,
    url,
    scopes: [...new Set(wanted.map(({ scope }) => scope))],
    ...links,
  });
  return mailOf({
    from: farm.notify.from,
    to: delivery.address,
    farm: farm.name,
    headline: notice.headline ?? '',
    letter,
    at: delivery.created_at,
    messageId: delivery.message_id,
    answers: delivery.answers_message_id,
    unsubscribeUrl: links.unsubscribeUrl,
  });
}

function wantedOf(
  content: NoticeContent,
  subscriptions: readonly SubscriptionRow[],
): SubscriptionRow[] {
  const state = content.kind === 'confirmation' ? 'asked' : 'active';
  return subscriptions.filter((each) => each.state === state);
}

async function linksOf(
  db: Kysely<Database>,
  url: string,
  content: NoticeContent,
  wanted: readonly SubscriptionRow[],
): Promise<{ unsubscribeUrl: string | null; confirmUrl: string | null }> {
  const subscriptions = wanted.map(({ id }) => id);
  if (content.kind === 'confirmation') {
    const path = await leavePath(db, { to: 'confirm', subscriptions });
    return { unsubscribeUrl: null, confirmUrl: `${url}${path}` };
  }
  const path = await leavePath(db, { to: 'unsubscribe', subscriptions });
  return { unsubscribeUrl: `${url}${path}`, confirmUrl: null };
}
