import { createHash } from 'node:crypto';
import type { FarmKey } from '../workers/farm-key.ts';

/** Where a farm's Redis is. @throws Error when it is no address of one; the text holds no password */
export function parseRedisUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new Error('not an address of Redis: it looks like redis://HOST:6379 or rediss://HOST');
  }
  return url;
}

/** The address without what is secret in it. */
export function shownRedisUrl({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

/** Before every key of a farm: several may share a Redis. In braces, so that a cluster keeps them together. */
export function redisPrefix({ fingerprint }: Pick<FarmKey, 'fingerprint'>): string {
  return `{weir-${createHash('sha256').update(fingerprint).digest('hex').slice(0, 16)}}`;
}
