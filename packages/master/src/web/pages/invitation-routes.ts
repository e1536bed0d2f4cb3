import { inviteBodySchema, reasonBodySchema } from '@weir/protocol';
import type { ApiNewInvitation } from '@weir/protocol';
import { Router } from 'express';
import type { Request } from 'express';
import { parseAsked } from '../api/asked.ts';
import type { WebContext } from '../context.ts';
import { listInvitations, readInvitation } from '../read/invitations.ts';
import { problem } from '../server/problems.ts';
import { invitationsPage, invitedPage } from './invitations.ts';
import { originOf } from './origin.ts';
import { numberOf } from './params.ts';
import { show } from './show.ts';

const invitationsInPage = 100;

/** Pages for admins: who was invited, and inviting. */
export function invitationRoutes(context: WebContext): Router {
  const { db, now, farm, signIn, sendCommand } = context;
  const router = Router();

  router.get(
    '/invitations',
    signIn.requireSignIn,
    show(context, async (visit) => {
      const { items } = await listInvitations(db, { limit: invitationsInPage }, visit.now);
      return { title: 'Invitations', content: invitationsPage(visit, items) };
    }),
  );
  router.post(
    '/invitations',
    signIn.requireSignIn,
    // No redirect: the code is nowhere but in this answer.
    show(context, async (visit, request) => {
      const made = await invite(request);
      const origin = farm().publicUrl ?? originOf(request);
      return { title: 'Invited', content: invitedPage(visit, made, origin) };
    }),
  );
  router.post('/invitations/:id/revoke', signIn.requireSignIn, async (request, response) => {
    const { reason } = parseAsked(reasonBodySchema, fieldsOf(request), 'bad-body');
    const invitation = numberOf(request);
    const actor = signIn.actorOf(request) ?? '';
    await sendCommand(actor, { t: 'revoke-invitation', invitation, reason });
    response.redirect(303, '/invitations');
  });

  async function invite(request: Request): Promise<ApiNewInvitation> {
    const { worker, owner, labels = '', hours, ...rest } = fieldsOf(request);
    const body = parseAsked(
      inviteBodySchema,
      {
        ...rest,
        worker: worker || null,
        owner: owner || null,
        labels: labels.split(/[\s,]+/).filter((label) => label !== ''),
        hours: Number(hours),
      },
      'bad-body',
    );
    const actor = signIn.actorOf(request) ?? '';
    const { invitation } = await sendCommand(actor, { t: 'invite', ...body });
    const { id = 0, code = '' } = invitation ?? {};
    const row = await readInvitation(db, id, now());
    if (row === undefined) throw problem('internal', 'the invitation is not there');
    return { ...row, code };
  }
  return router;
}

function fieldsOf(request: Request): Record<string, string> {
  const body = (request.body ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(body).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );
}
