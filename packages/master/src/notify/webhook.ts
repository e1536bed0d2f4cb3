import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { DeliveryRefusedError } from './deliverer.ts';
import { isPublicAddress } from './public-address.ts';

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

const defaultTimeoutMs = 10_000;

/**
 * Posts a notice, signed as Standard Webhooks has it (standardwebhooks.com). It follows no redirect,
 * and talks to no private address unless the farm allows it; addresses are judged when the
 * connection is made, so a name that changes its mind gains nothing.
 *
 * @throws DeliveryRefusedError for an address that is not allowed, and when the receiver is gone (410)
 * @throws Error when the receiver did not take it
 */
export async function postWebhook(post: WebhookPost): Promise<void> {
  const status = await exchange(post);
  if (status >= 200 && status < 300) return;
  if (status === 410) throw new DeliveryRefusedError('the receiver answered 410: it is gone');
  const why = status >= 300 && status < 400 ? ': a redirect, which is not followed' : '';
  throw new Error(`the receiver answered ${status}${why}`);
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

function exchange(post: WebhookPost): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { timeoutMs = defaultTimeoutMs } = post;
  const request = open(post, (response) => {
    resolve(response.statusCode ?? 0);
    // What it says beside its status is of no interest, and may be endless.
    response.destroy();
  });
  const timer = setTimeout(() => {
    request.destroy(new Error(`the receiver did not answer within ${timeoutMs / 1_000} s`));
  }, timeoutMs);
  request.once('error', reject);
  request.once('close', () => clearTimeout(timer));
  request.end(post.body);
  return promise;
}

function open(post: WebhookPost, answered: (response: IncomingMessage) => void): ClientRequest {
  const { id, at, body, secret, allowsPrivate } = post;
  const url = new URL(post.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up.
  if (!allowsPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw privateError(host);
  const seconds = Math.floor(at / 1_000);
  const options: RequestOptions = {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Weir',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': webhookSignature(secret, { id, seconds, body }),
    },
    ...(!allowsPrivate && { lookup: lookupPublic }),
  };
  return url.protocol === 'https:'
    ? requestHttps(url, options, answered)
    : requestHttp(url, options, answered);
}

/** Looks a name up; one that leads to a private address leads nowhere. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const wrong = addresses?.find(({ address }) => !isPublicAddress(address));
    const failure = error ?? (wrong === undefined ? null : privateError(wrong.address));
    if (failure !== null) callback(failure, []);
    else if (options.all === true) callback(null, addresses);
    else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
  });
};

function privateError(address: string): DeliveryRefusedError {
  return new DeliveryRefusedError(
    `${address} is a private address: set notify.private-webhooks to allow that`,
  );
}
