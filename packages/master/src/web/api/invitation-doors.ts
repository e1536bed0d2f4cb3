import {
  inviteBodySchema,
  invitationSchema,
  newInvitationSchema,
  reasonBodySchema,
} from '@weir/protocol';
import type { WebContext } from '../context.ts';
import { listInvitations, readInvitation } from '../read/invitations.ts';
import { problem } from '../server/problems.ts';
import { found, idOf, pageOf, pageQuery } from './asked.ts';
import { door } from './door.ts';
import type { Door } from './door.ts';

/** Invitations are for admins alone: they name people. */
export function invitationDoors({ db, now, sendCommand }: WebContext): Door[] {
  return [
    door({
      path: '/api/v1/invitations',
      summary: 'Invitations, newest first; needs a sign-in',
      query: pageQuery,
      answer: pageOf(invitationSchema),
      handle: async ({ actor, query }) => {
        if (actor === '') throw problem('not-signed-in', 'only admins see invitations');
        return listInvitations(db, query, now());
      },
    }),
    door({
      method: 'post',
      path: '/api/v1/invitations',
      summary: 'Invite a worker; the code is in this answer alone',
      body: inviteBodySchema,
      answer: newInvitationSchema,
      handle: async ({ actor, body }) => {
        const { invitation } = await sendCommand(actor, { t: 'invite', ...body });
        const { id = 0, code = '' } = invitation ?? {};
        return { ...found(await readInvitation(db, id, now()), 'invitation', id), code };
      },
    }),
    door({
      method: 'post',
      path: '/api/v1/invitations/{id}/revoke',
      summary: 'Take an invitation back',
      body: reasonBodySchema,
      answer: invitationSchema,
      handle: async ({ subject, actor, body }) => {
        const id = idOf(subject, 'invitation');
        found(await readInvitation(db, id, now()), 'invitation', id);
        await sendCommand(actor, { t: 'revoke-invitation', invitation: id, ...body });
        return found(await readInvitation(db, id, now()), 'invitation', id);
      },
    }),
  ];
}
