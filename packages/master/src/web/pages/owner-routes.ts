import { Router } from 'express';
import type { Request, Response } from 'express';
import type { Command } from '../../command.ts';
import { ownerOf } from '../../workers/owner.ts';
import type { WebContext } from '../context.ts';
import { readWorker } from '../read/workers.ts';
import { problem } from '../server/problems.ts';
import { cookieOptions } from '../sign-in/cookies.ts';
import { ownerCookie, ownerSeconds } from '../sign-in/session.ts';
import { workerPath } from './links.ts';
import { ownerLinkPage } from './owner.ts';
import { show } from './show.ts';
import { one } from './waterfall-ask.ts';

const maxReason = 500;
const maxSlots = 256;

/** A worker's owner: in by the link that the machine shows, and what an owner may do. */
export function ownerRoutes(context: WebContext): Router {
  const { db, farm, owners, sendCommand } = context;
  const router = Router();

  router.get(
    '/workers/:name/owner',
    show(context, async (_visit, request) => {
      const worker = await readWorker(db, farm().rules, nameIn(request));
      if (worker === undefined) throw problem('no-such-worker', 'there is no such worker');
      const content = ownerLinkPage(worker.name, one(request, 'code') ?? '');
      return { title: worker.name, content };
    }),
  );
  router.post('/workers/:name/owner', async (request, response) => {
    const name = nameIn(request);
    const session = await owners.begin(field(request, 'code'), name);
    response.cookie(ownerCookie, session, cookieOptions(request, farm(), ownerSeconds));
    response.redirect(303, workerPath(name));
  });
  router.post('/workers/:name/owner/sign-out', owners.requireOwner, (request, response) => {
    response.clearCookie(ownerCookie, cookieOptions(request, farm(), ownerSeconds));
    response.redirect(303, workerPath(nameIn(request)));
  });

  function act(name: string, commandOf: (request: Request, reason: string) => Command): void {
    const handle = async (request: Request, response: Response): Promise<void> => {
      const reason = field(request, 'reason').trim();
      if (reason === '' || reason.length > maxReason) {
        throw problem('bad-body', `a reason of 1 to ${maxReason} characters is needed`);
      }
      const worker = nameIn(request);
      await sendCommand(ownerOf(worker), commandOf(request, reason));
      response.redirect(303, workerPath(worker));
    };
    router.post(`/workers/:name/owner/${name}`, owners.requireOwner, handle);
  }

  for (const name of ['pause', 'resume', 'leave'] as const) {
    act(name, (request, reason) => ({ t: `owner-${name}`, worker: nameIn(request), reason }));
  }
  act('slots', (request, reason) => {
    const slots = Number(field(request, 'slots'));
    if (!Number.isInteger(slots) || slots < 1 || slots > maxSlots) {
      throw problem('bad-body', `slots: a whole number from 1 to ${maxSlots} is needed`);
    }
    return { t: 'owner-slots', worker: nameIn(request), slots, reason };
  });
  return router;
}

function nameIn(request: Request): string {
  return String(request.params['name']);
}

function field(request: Request, name: string): string {
  const value = ((request.body ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}
