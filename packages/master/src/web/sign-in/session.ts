import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What a session is signed with. A new admin token has a new hash: so it ends all sessions. */
export interface SessionKeys {
  readonly cookieSecret: string;
  readonly tokenHash: string;
}

const lifetimeMs = 30 * 24 * 3_600_000;

export const sessionCookie = 'weir-session';
export const sessionSeconds = lifetimeMs / 1_000;

/** A cookie value that says that its holder signed in: `ENDS.NONCE.SIGNATURE`. */
export function makeSession(keys: SessionKeys, now: number): string {
  const body = `${now + lifetimeMs}.${randomBytes(18).toString('base64url')}`;
  return `${body}.${sign(keys, 'session', body)}`;
}

/** Whether we signed this value, and its time has not come. */
export function isSession(value: string, keys: SessionKeys, now: number): boolean {
  const at = value.lastIndexOf('.');
  const body = value.slice(0, Math.max(0, at));
  return isSame(value.slice(at + 1), sign(keys, 'session', body)) && Number.parseInt(body) > now;
}

const ownerLifetimeMs = 12 * 3_600_000;

export const ownerCookie = 'weir-owner';
export const ownerSeconds = ownerLifetimeMs / 1_000;

/** A cookie value for the owner of one worker: `ENDS.NONCE.WORKER.SIGNATURE`. */
export function makeOwnerSession(keys: SessionKeys, worker: string, now: number): string {
  const nonce = randomBytes(18).toString('base64url');
  const body = `${now + ownerLifetimeMs}.${nonce}.${worker}`;
  return `${body}.${sign(keys, 'owner', body)}`;
}

/** The worker whose owner holds this value; undefined when we did not sign it, or its time has come. */
export function ownerInSession(value: string, keys: SessionKeys, now: number): string | undefined {
  const at = value.lastIndexOf('.');
  const body = value.slice(0, Math.max(0, at));
  if (!isSame(value.slice(at + 1), sign(keys, 'owner', body))) return undefined;
  const [endsAt, , ...worker] = body.split('.');
  return Number(endsAt) > now ? worker.join('.') : undefined;
}

const linkLifetimeMs = 10 * 60_000;

/** A code that makes its holder the owner of one worker: `ENDS.NONCE.SIGNATURE`. It is to be good once. */
export function makeOwnerLink(keys: SessionKeys, worker: string, now: number): string {
  const body = `${now + linkLifetimeMs}.${randomBytes(18).toString('base64url')}`;
  return `${body}.${sign(keys, 'owner-link', `${body}.${worker}`)}`;
}

/** Until when a code is good for this worker; undefined when we did not sign it, or its time has come. */
export function ownerLinkEnd(
  code: string,
  keys: SessionKeys,
  worker: string,
  now: number,
): number | undefined {
  const at = code.lastIndexOf('.');
  const body = code.slice(0, Math.max(0, at));
  const isOurs = isSame(code.slice(at + 1), sign(keys, 'owner-link', `${body}.${worker}`));
  const endsAt = Number.parseInt(body);
  return isOurs && endsAt > now ? endsAt : undefined;
}

/** What stands in the forms of one session; a page of another site can't know it. */
export function csrfTokenOf(session: string, keys: SessionKeys): string {
  return sign(keys, 'csrf', session);
}

/** Compares in a time that does not tell how much of it was right. */
export function isSame(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

function sign({ cookieSecret, tokenHash }: SessionKeys, use: string, body: string): string {
  return createHmac('sha256', `${cookieSecret}.${tokenHash}`)
    .update(`${use}.${body}`)
    .digest('base64url');
}
