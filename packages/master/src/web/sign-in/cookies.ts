import type { CookieOptions, Request } from 'express';
import type { Kysely } from 'kysely';
import { adminTokenSetting, cookieSecretSetting } from '../../admin-token.ts';
import type { FarmFacts } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import { getSettings } from '../../store/settings.ts';
import type { SessionKeys } from './session.ts';

export function cookieOptions(
  request: Request,
  { publicUrl }: FarmFacts,
  seconds: number,
): CookieOptions {
  // Behind a proxy that adds TLS the connection to us is a plain one.
  const isPublic = publicUrl !== null && new URL(publicUrl).host === request.get('host');
  const secure = request.secure || (isPublic && publicUrl.startsWith('https:'));
  return { httpOnly: true, sameSite: 'lax', path: '/', secure, maxAge: seconds * 1_000 };
}

export function cookieOf(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name) return value;
  }
  return undefined;
}

export function csrfSentBy(request: Request): string {
  const body: unknown = request.body;
  const isForm = typeof body === 'object' && body !== null && 'csrf' in body;
  const sent = request.get('x-weir-csrf') ?? (isForm ? body.csrf : undefined);
  return typeof sent === 'string' ? sent : '';
}

/** Undefined before the farm's first start has made them. */
export async function sessionKeys(db: Kysely<Database>): Promise<SessionKeys | undefined> {
  const settings = await getSettings(db, [adminTokenSetting, cookieSecretSetting]);
  const [tokenHash, cookieSecret] = settings;
  if (tokenHash === undefined || cookieSecret === undefined) return undefined;
  return { tokenHash, cookieSecret };
}
