import { createHmac, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from '../store/schema.ts';
import { getSetting, putSetting } from '../store/settings.ts';
import type { Store } from '../store/store.ts';
import { isSame } from '../web/sign-in/session.ts';

const secretSetting = 'notice-secret';

/** Sees to it that there is a secret by which links in mails are signed. */
export async function ensureNoticeSecret(store: Store): Promise<void> {
  await store.unit(async (db) => {
    if ((await getSetting(db, secretSetting)) !== undefined) return;
    await putSetting(db, secretSetting, randomBytes(32).toString('base64url'));
  });
}

/** What a link in a mail lets whoever has it do. */
export type Leave =
  | { readonly to: 'confirm'; readonly subscriptions: readonly number[] }
  | { readonly to: 'unsubscribe'; readonly subscriptions: readonly number[] };

/** The path of a link in a mail: `/unsubscribe/3-7/TOKEN`. Who has it may do that, and nothing else. */
export async function leavePath(db: Kysely<Database>, leave: Leave): Promise<string> {
  const ids = leave.subscriptions.join('-');
  const page = leave.to === 'confirm' ? 'subscribe' : 'unsubscribe';
  return `/${page}/${ids}/${await tokenOf(db, leave.to, ids)}`;
}

/** The subscriptions that such a link is for; null when the farm did not make it. */
export async function readLeave(
  db: Kysely<Database>,
  to: Leave['to'],
  { ids, token }: { ids: string; token: string },
): Promise<number[] | null> {
  if (!/^\d{1,15}(-\d{1,15}){0,99}$/.test(ids)) return null;
  return isSame(token, await tokenOf(db, to, ids)) ? ids.split('-').map(Number) : null;
}

async function tokenOf(db: Kysely<Database>, to: Leave['to'], ids: string): Promise<string> {
  const secret = await getSetting(db, secretSetting);
  if (secret === undefined) throw new Error('the farm has no secret for links in mails');
  return createHmac('sha256', secret).update(`${to} ${ids}`).digest('base64url').slice(0, 32);
}
