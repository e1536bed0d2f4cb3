import { createHmac } from 'node:crypto';
import { askPublic, whyNotTaken } from './ask-public.ts';
import { DeliveryRefusedError } from './deliverer.ts';

export interface WebhookPost {
  readonly url: string;
  readonly secret: string;
  /** The same for every try: by it the receiver knows what it has already. */
  readonly id: string;
  /** Milliseconds UTC, of this try. */
  readonly at: number;
  readonly body: string;
  readonly allowsPrivate: boolean;
  /** The whole exchange must end within so many milliseconds. */
  readonly timeoutMs?: number;
}

/**
 * Posts a notice, signed as Standard Webhooks has it (standardwebhooks.com). It follows no redirect,
 * and talks to no private address unless the farm allows it; addresses are judged when the
 * connection is made, so a name that changes its mind gains nothing.
 *
 * @throws DeliveryRefusedError for an address that is not allowed, and when the receiver is gone (410)
 * @throws Error when the receiver did not take it
 */
export async function postWebhook(post: WebhookPost): Promise<void> {
  const { id, at, body, secret, url, allowsPrivate, timeoutMs } = post;
  const seconds = Math.floor(at / 1_000);
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': webhookSignature(secret, { id, seconds, body }),
  };
  const limits = { allowsPrivate, ...(timeoutMs !== undefined && { timeoutMs }) };
  const status = await askPublic({ method: 'POST', url, headers, body, ...limits });
  if (status === 410) throw new DeliveryRefusedError('the receiver answered 410: it is gone');
  const why = whyNotTaken(status);
  if (why !== null) throw new Error(why);
}

/** The header `webhook-signature` of a body. A secret `whsec_...` is base64, any other is text. */
export function webhookSignature(
  secret: string,
  { id, seconds, body }: { id: string; seconds: number; body: string },
): string {
  const prefix = 'whsec_';
  const key = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
  return `v1,${signature}`;
}
