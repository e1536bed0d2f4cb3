import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns';
import type {
  ClientRequest,
  IncomingMessage,
  OutgoingHttpHeaders,
  RequestOptions,
} from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { DeliveryRefusedError } from './deliverer.ts';
import { isPublicAddress } from './public-address.ts';

export interface PublicRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
  readonly allowsPrivate: boolean;
  /** The whole exchange must end within so many milliseconds. */
  readonly timeoutMs?: number;
  /** Ends it before. */
  readonly signal?: AbortSignal;
}

const defaultTimeoutMs = 10_000;

/**
 * Asks an address that the farm file names, and resolves with the status of the answer. It follows
 * no redirect, and talks to no private address unless the farm allows it; addresses are judged when
 * the connection is made, so a name that changes its mind gains nothing.
 *
 * @throws DeliveryRefusedError for an address that is not allowed
 * @throws Error when there is no answer
 */
export async function askPublic(asked: PublicRequest): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const { timeoutMs = defaultTimeoutMs } = asked;
  const request = open(asked, (response) => {
    resolve(response.statusCode ?? 0);
    // What it says beside its status is of no interest, and may be endless.
    response.destroy();
  });
  const timer = setTimeout(() => {
    request.destroy(new Error(`the receiver did not answer within ${timeoutMs / 1_000} s`));
  }, timeoutMs);
  request.once('error', reject);
  request.once('close', () => clearTimeout(timer));
  request.end(asked.body);
  return promise;
}

/** What is wrong with the status of an answer; null when the receiver took it. */
export function whyNotTaken(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  const why = status >= 300 && status < 400 ? ': a redirect, which is not followed' : '';
  return `the receiver answered ${status}${why}`;
}

function open(asked: PublicRequest, answered: (response: IncomingMessage) => void): ClientRequest {
  const { method, headers = {}, body = '', allowsPrivate, signal } = asked;
  const url = new URL(asked.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up.
  if (!allowsPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw privateError(host);
  const options: RequestOptions = {
    method,
    agent: false,
    headers: { ...headers, 'content-length': Buffer.byteLength(body), 'user-agent': 'Weir' },
    ...(!allowsPrivate && { lookup: lookupPublic }),
    ...(signal && { signal }),
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
