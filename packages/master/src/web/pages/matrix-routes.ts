import { Router } from 'express';
import type { WebContext } from '../context.ts';
import { matrixAsk } from './matrix-ask.ts';
import { readMatrix } from './matrix-data.ts';
import { matrixPage } from './matrix.ts';
import { showToAll } from './show.ts';

export function matrixRoutes(context: WebContext): Router {
  const { db, farm } = context;
  const router = Router();
  router.get(
    '/matrix',
    showToAll(context, async (visit, request) => {
      const view = await readMatrix(db, farm(), matrixAsk(request), visit.now);
      return { title: 'Matrix', content: matrixPage(visit, view) };
    }),
  );
  return router;
}
