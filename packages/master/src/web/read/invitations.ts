import type { ApiInvitation, InvitationState } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { InvitationRow } from '../../store/invitations.ts';
import type { Database } from '../../store/schema.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';

/** Invitations, newest first. */
export async function listInvitations(
  db: Kysely<Database>,
  ask: PageAsk,
  now: number,
): Promise<Page<ApiInvitation>> {
  const after = decodeCursor(ask.cursor, ['number']);
  let query = db
    .selectFrom('invitation')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(ask.limit + 1);
  if (after) query = query.where('id', '<', after[0]);
  const { items, next } = toPage(await query.execute(), ask.limit, (row) => [row.id]);
  return { items: items.map((row) => toInvitation(row, now)), next };
}

export async function readInvitation(
  db: Kysely<Database>,
  id: number,
  now: number,
): Promise<ApiInvitation | undefined> {
  const row = await db.selectFrom('invitation').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toInvitation(row, now);
}

function toInvitation(row: InvitationRow, now: number): ApiInvitation {
  return {
    id: row.id,
    worker: row.worker,
    owner: row.owner,
    labels: JSON.parse(row.labels_json) as string[],
    trust: row.trust,
    reason: row.reason,
    by: row.made_by,
    at: row.made_at,
    expiresAt: row.expires_at,
    state: stateOf(row, now),
    usedBy: row.used_by,
  };
}

function stateOf(row: InvitationRow, now: number): InvitationState {
  if (row.used_at !== null) return 'used';
  if (row.revoked_at !== null) return 'revoked';
  return row.expires_at <= now ? 'expired' : 'open';
}
