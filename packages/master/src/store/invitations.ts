import type { Trust } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { InvitationTable } from './schema/worker.ts';

export type InvitationRow = Selectable<InvitationTable>;

export interface NewInvitation {
  readonly codeHash: string;
  readonly worker: string | null;
  readonly owner: string | null;
  readonly labels: readonly string[];
  readonly trust: Trust;
  readonly reason: string;
  readonly by: string;
  readonly at: number;
  readonly expiresAt: number;
}

export async function insertInvitation(
  db: Kysely<Database>,
  invitation: NewInvitation,
): Promise<number> {
  const { id } = await db
    .insertInto('invitation')
    .values({
      code_hash: invitation.codeHash,
      worker: invitation.worker,
      owner: invitation.owner,
      labels_json: JSON.stringify(invitation.labels),
      trust: invitation.trust,
      reason: invitation.reason,
      made_by: invitation.by,
      made_at: invitation.at,
      expires_at: invitation.expiresAt,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

export function invitationByHash(
  db: Kysely<Database>,
  codeHash: string,
): Promise<InvitationRow | undefined> {
  return db
    .selectFrom('invitation')
    .selectAll()
    .where('code_hash', '=', codeHash)
    .executeTakeFirst();
}

/** Marks an invitation as used. False when it was used or revoked before. */
export async function useInvitation(
  db: Kysely<Database>,
  id: number,
  used: { at: number; by: string },
): Promise<boolean> {
  const changed = await db
    .updateTable('invitation')
    .set({ used_at: used.at, used_by: used.by })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

/** Takes an invitation back. False when it was used or revoked before, or there is none. */
export async function revokeInvitation(
  db: Kysely<Database>,
  id: number,
  at: number,
): Promise<boolean> {
  const changed = await db
    .updateTable('invitation')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}
