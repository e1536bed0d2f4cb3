import { isScope } from '@weir/model';
import type { Request, Response } from 'express';
import { Router } from 'express';
import type { Leave } from '../../notify/tokens.ts';
import { readLeave } from '../../notify/tokens.ts';
import type { SubscriptionRow } from '../../store/subscriptions.ts';
import { subscriptionsById } from '../../store/subscriptions.ts';
import type { WebContext } from '../context.ts';
import { ProblemError, problem } from '../server/problems.ts';
import { page, visitOf } from './frame.ts';
import type { Html } from './html.ts';
import { show } from './show.ts';
import { askedPage, leavePage, leftPage, subscribePage } from './subscribe.ts';
import { one } from './waterfall-ask.ts';

const words = {
  confirm: {
    title: 'Shall we tell you about',
    label: 'Confirm',
    done: 'You will be told. Every mail has a link that ends it.',
  },
  unsubscribe: {
    title: 'No more mails about',
    label: 'Unsubscribe',
    done: 'No more mails will come because of it.',
  },
} as const;

/** Forms that need no sign-in: who subscribes proves by mail who they are, who leaves has a link. */
export function subscribeRoutes(context: WebContext): Router {
  const { db, farm, sendCommand } = context;
  const router = Router();
  router.get(
    '/subscribe',
    show(context, (_visit, request) => {
      const asked = one(request, 'scope') ?? '';
      const scope = isScope(asked) ? asked : 'farm';
      const view = { farm: farm().file, scope, wrong: null, address: '' };
      return Promise.resolve({ title: 'Be told', content: subscribePage(view) });
    }),
  );
  router.post('/subscribe', async (request, response) => {
    refuseOtherSites(request);
    const address = fieldOf(request, 'address').trim();
    const scope = fieldOf(request, 'scope');
    try {
      await sendCommand('visitor', { t: 'subscribe', address, scope });
      await answer(request, response, 'Look at your mail', askedPage());
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const known = isScope(scope) ? scope : 'farm';
      const view = { farm: farm().file, scope: known, wrong: error.message, address } as const;
      response.status(error.status);
      await answer(request, response, 'Be told', subscribePage(view));
    }
  });
  leaveDoor('/subscribe/:ids/:token', 'confirm');
  leaveDoor('/unsubscribe/:ids/:token', 'unsubscribe');

  function leaveDoor(path: string, to: Leave['to']): void {
    router.get(
      path,
      show(context, async (_visit, request) => {
        const scopes = new Set((await leaving(request, to)).map(({ scope }) => scope));
        const content = leavePage({ ...words[to], scopes: [...scopes] });
        return { title: words[to].label, content };
      }),
    );
    // Mail programs post here themselves when one unsubscribes in them (RFC 8058).
    router.post(path, async (request, response) => {
      const subscriptions = (await leaving(request, to)).map(({ id }) => id);
      const t = to === 'confirm' ? 'confirm-subscription' : 'unsubscribe';
      await sendCommand('subscriber', { t, subscriptions });
      await answer(request, response, words[to].label, leftPage(words[to].done));
    });
  }

  async function leaving(request: Request, to: Leave['to']): Promise<SubscriptionRow[]> {
    const { ids, token } = request.params;
    const link = { ids: String(ids), token: String(token) };
    const subscriptions = await readLeave(db, to, link);
    if (subscriptions === null) throw problem('not-found', 'this link is not one of this farm');
    return subscriptionsById(db, subscriptions);
  }

  async function answer(
    request: Request,
    response: Response,
    title: string,
    content: Html,
  ): Promise<void> {
    const visit = await visitOf(context, request);
    response
      .set('cache-control', 'no-store')
      .type('html')
      .send(page(visit, title, content));
  }
  return router;
}

/** Another site's page must not have its visitors send mails from here. */
function refuseOtherSites(request: Request): void {
  if (request.get('sec-fetch-site') === 'cross-site') {
    throw problem('csrf-token-missing', 'open the page again, and send its form from there');
  }
}

function fieldOf(request: Request, name: string): string {
  const value = ((request.body ?? {}) as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : '';
}
