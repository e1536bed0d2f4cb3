import { Router } from 'express';
import type { WebContext } from '../context.ts';
import { listBreakages } from '../read/breakages.ts';
import { problem } from '../server/problems.ts';
import { addressOf } from './address.ts';
import { readBreakageView } from './breakage-data.ts';
import { breakagePage } from './breakage.ts';
import { breakagesPage } from './breakages.ts';
import { numberOf } from './params.ts';
import { showToAll } from './show.ts';
import { one } from './waterfall-ask.ts';

const closedInPage = 25;
const maxOpen = 200;

export function breakageRoutes(context: WebContext): Router {
  const { db } = context;
  const router = Router();
  router.get(
    '/breakages',
    showToAll(context, async (visit, request) => {
      const open = await listBreakages(db, { state: 'open', limit: maxOpen });
      const cursor = one(request, 'cursor');
      const closed = await listBreakages(db, { state: 'closed', limit: closedInPage, cursor });
      const older = closed.next === null ? null : `cursor=${encodeURIComponent(closed.next)}`;
      const content = breakagesPage(visit, open.items, { items: closed.items, older });
      return { title: 'Breakages', content };
    }),
  );
  router.get(
    '/breakages/:id',
    showToAll(context, async (visit, request) => {
      const view = await readBreakageView(context, numberOf(request), addressOf(context, request));
      if (view === undefined) throw problem('no-such-breakage', 'there is no such breakage');
      return { title: view.breakage.title, content: breakagePage(visit, view) };
    }),
  );
  return router;
}
