import type { LetterContext } from '@weir/model';
import { letterOf } from '@weir/model';
import { deliveryStates } from '@weir/protocol';
import type { Request } from 'express';
import { Router } from 'express';
import { leavePath } from '../../notify/tokens.ts';
import type { WebContext } from '../context.ts';
import type { DeliveryView } from '../read/notices.ts';
import { listDeliveries, readDeliveryView } from '../read/notices.ts';
import { problem } from '../server/problems.ts';
import { addressOf } from './address.ts';
import { atomFeed } from './feed.ts';
import { deliveryPath } from './links.ts';
import { deliveryPage, outboxPage } from './outbox.ts';
import { numberOf } from './params.ts';
import { show } from './show.ts';
import { one } from './waterfall-ask.ts';

const inPage = 50;
const maxReason = 500;

export function outboxRoutes(context: WebContext): Router {
  const { db, farm, signIn, sendCommand } = context;
  const router = Router();
  const viewerOf = (request: Request) => ({ isVisitor: signIn.actorOf(request) === null });
  router.get('/feed.atom', async (request, response) => {
    const feed = await atomFeed(db, farm().name, addressOf(context, request));
    response.set('cache-control', 'no-cache').type('application/atom+xml').send(feed);
  });
  router.get(
    '/outbox',
    show(context, async (visit, request) => {
      const state = deliveryStates.find((each) => each === one(request, 'state'));
      const ask = { limit: inPage, cursor: one(request, 'cursor'), state };
      const { items, next } = await listDeliveries(db, ask, viewerOf(request));
      const query = new URLSearchParams({ ...(state && { state }), cursor: next ?? '' });
      const older = next === null ? null : query.toString();
      const { file, isMailSet, heartbeat } = farm();
      const isFiles = file.notify.smtp === null && !isMailSet;
      const view = { deliveries: items, state, older, isFiles, heartbeat };
      return { title: 'Outbox', content: outboxPage(visit, view) };
    }),
  );
  router.get(
    '/outbox/:id',
    show(context, async (visit, request) => {
      const view = await readDeliveryView(db, numberOf(request), viewerOf(request));
      if (view === undefined) throw problem('no-such-delivery', 'there is no such delivery');
      const { delivery, subscriptions } = view;
      const scopes = [...new Set(subscriptions.map(({ scope }) => scope))];
      const letter = letterOf(view.content, {
        farm: farm().name,
        url: addressOf(context, request),
        scopes,
        ...(await linksFor(view, request)),
      });
      const content = deliveryPage(visit, { delivery, letter, scopes });
      return { title: delivery.headline, content };
    }),
  );
  router.post('/outbox/:id/retry', signIn.requireSignIn, async (request, response) => {
    const { reason } = (request.body ?? {}) as { reason?: unknown };
    if (typeof reason !== 'string' || reason.trim() === '' || reason.length > maxReason) {
      throw problem('bad-body', `a reason of 1 to ${maxReason} characters is needed`);
    }
    const delivery = numberOf(request);
    const actor = signIn.actorOf(request) ?? '';
    await sendCommand(actor, { t: 'retry-delivery', delivery, reason: reason.trim() });
    response.redirect(303, deliveryPath(delivery));
  });

  /** Links by which a recipient acts are for the recipient, and for who runs the farm. */
  async function linksFor(
    { delivery, content, subscriptions }: DeliveryView,
    request: Request,
  ): Promise<Pick<LetterContext, 'unsubscribeUrl' | 'confirmUrl'>> {
    const none = { unsubscribeUrl: null, confirmUrl: null };
    if (viewerOf(request).isVisitor || delivery.channel !== 'mail') return none;
    const ids = subscriptions.map(({ id }) => id);
    if (ids.length === 0) return none;
    const to = content.kind === 'confirmation' ? 'confirm' : 'unsubscribe';
    const url = `${addressOf(context, request)}${await leavePath(db, { to, subscriptions: ids })}`;
    return to === 'confirm' ? { ...none, confirmUrl: url } : { ...none, unsubscribeUrl: url };
  }
  return router;
}
