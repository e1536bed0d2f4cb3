import { createHash, randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Command } from '../command.ts';
import { CommandError } from '../command.ts';
import { recordEvents } from '../store/events.ts';
import type { InvitationRow } from '../store/invitations.ts';
import { insertInvitation, invitationByHash, revokeInvitation } from '../store/invitations.ts';
import type { Database } from '../store/schema.ts';

const hourMs = 3_600_000;
/** Too many to guess. Shown as hex: a code is pasted into commands, where a leading dash would be an option. */
const codeBytes = 18;

export interface Made {
  readonly id: number;
  /** Said once, and stored nowhere. */
  readonly code: string;
}

/** Makes an invitation. Runs in a unit. */
export async function invite(
  db: Kysely<Database>,
  command: Extract<Command, { t: 'invite' }>,
  by: { actor: string; at: number },
): Promise<Made> {
  const { worker, owner, labels, trust, hours, reason } = command;
  const { actor, at } = by;
  const code = randomBytes(codeBytes).toString('hex');
  const expiresAt = at + hours * hourMs;
  const codeHash = hashOf(code);
  const row = { codeHash, worker, owner, labels, trust, reason, by: actor, at, expiresAt };
  const id = await insertInvitation(db, row);
  const data = { worker, owner, labels, trust, expiresAt, reason };
  const subject = `invitation/${id}`;
  await recordEvents(db, [{ at, kind: 'invitation.made', actor, subject, data }]);
  return { id, code };
}

/** Takes an invitation back. Runs in a unit. @throws CommandError when it is used, or there is none */
export async function takeBack(
  db: Kysely<Database>,
  { invitation, reason }: Extract<Command, { t: 'revoke-invitation' }>,
  { actor, at }: { actor: string; at: number },
): Promise<void> {
  if (!(await revokeInvitation(db, invitation, at))) {
    throw new CommandError(
      409,
      'no-change',
      `there is no invitation ${invitation}, or it was used or revoked already`,
    );
  }
  const subject = `invitation/${invitation}`;
  await recordEvents(db, [{ at, kind: 'invitation.revoked', actor, subject, data: { reason } }]);
}

export type Check =
  | { readonly t: 'good'; readonly invitation: InvitationRow }
  | { readonly t: 'bad'; readonly why: string };

/** Whether a code lets this worker in. */
export async function checkInvitation(
  db: Kysely<Database>,
  code: string,
  asking: { name: string; owner: string },
  at: number,
): Promise<Check> {
  const invitation = await invitationByHash(db, hashOf(code));
  const why = invitation === undefined ? 'is unknown here' : faultOf(invitation, asking, at);
  if (invitation === undefined || why !== undefined) {
    const next = 'join without it, and an admin accepts the worker by hand';
    return { t: 'bad', why: `the invitation ${why}: ${next}` };
  }
  return { t: 'good', invitation };
}

function faultOf(
  { worker, owner, ...invitation }: InvitationRow,
  asking: { name: string; owner: string },
  at: number,
): string | undefined {
  if (invitation.used_at !== null) return 'was used before';
  if (invitation.revoked_at !== null) return 'was revoked';
  if (invitation.expires_at <= at) return 'has expired';
  if (worker !== null && worker !== asking.name) return `is for a worker named ${worker}`;
  const isOther = owner !== null && asking.owner !== '' && owner !== asking.owner;
  return isOther ? 'is for another owner' : undefined;
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
