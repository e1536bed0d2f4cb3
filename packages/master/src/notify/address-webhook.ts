import process from 'node:process';
import type { Farm } from '@weir/model';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { DeliveryRow } from '../store/deliveries.ts';
import { contentOf, noticeById } from '../store/notices.ts';
import type { Database } from '../store/schema.ts';
import { DeliveryRefusedError } from './deliverer.ts';
import type { WebhookPost } from './webhook.ts';

export interface WebhookContext {
  readonly db: Kysely<Database>;
  readonly farm: Pick<Farm, 'name' | 'notify'>;
  /** Where the pages are, without a slash at the end. */
  readonly url: string;
  readonly now: Clock;
}

/**
 * What is posted for a delivery.
 *
 * @throws DeliveryRefusedError when the farm file names the webhook no more
 * @throws Error when its secret is not set
 */
export async function addressWebhook(
  { db, farm, url, now }: WebhookContext,
  delivery: DeliveryRow,
): Promise<WebhookPost> {
  const webhook = farm.notify.webhooks.get(delivery.address);
  const notice = await noticeById(db, delivery.notice_id);
  if (webhook === undefined || notice === undefined) {
    throw new DeliveryRefusedError(`the farm file names no webhook ${delivery.address}`);
  }
  const secret = process.env[webhook.secretEnv] ?? '';
  if (secret === '') throw new Error(`the variable ${webhook.secretEnv} is not set`);
  const content = contentOf(notice);
  return {
    url: webhook.url,
    secret,
    id: delivery.message_id.replace(/^<|>$/g, ''),
    at: now(),
    body: JSON.stringify({
      type: content.kind,
      timestamp: new Date(delivery.created_at).toISOString(),
      data: {
        farm: farm.name,
        url: `${url}${pagePath(notice.about)}`,
        headline: notice.headline,
        ...content.facts,
      },
    }),
    allowsPrivate: farm.notify.allowsPrivateWebhooks,
  };
}

/** `breakage/7` is on the page `/breakages/7`. */
function pagePath(about: string): string {
  const [noun = '', ...rest] = about.split('/');
  return `/${noun}s/${rest.map(encodeURIComponent).join('/')}`;
}
