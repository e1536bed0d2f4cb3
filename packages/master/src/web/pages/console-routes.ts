import { Router } from 'express';
import type { WebContext } from '../context.ts';
import { consoleAsk } from './console-ask.ts';
import { readConsole } from './console-data.ts';
import { consolePage } from './console.ts';
import { showToAll } from './show.ts';

export function consoleRoutes(context: WebContext): Router {
  const { db, farm } = context;
  const router = Router();
  router.get(
    '/console',
    showToAll(context, async (visit, request) => {
      const view = await readConsole(db, farm().rules, consoleAsk(request), visit.now);
      return { title: 'Console', content: consolePage(visit, view) };
    }),
  );
  return router;
}
