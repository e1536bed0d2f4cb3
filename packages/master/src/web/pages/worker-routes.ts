import { Router } from 'express';
import type { WebContext } from '../context.ts';
import { listBuilds } from '../read/builds.ts';
import { listWorkers, readWorker } from '../read/workers.ts';
import { problem } from '../server/problems.ts';
import { ownerRoutes } from './owner-routes.ts';
import { ownerControls } from './owner.ts';
import { show } from './show.ts';
import { workerPage } from './worker.ts';
import { workersPage } from './workers.ts';

const workersInPage = 200;
const buildsInPage = 50;

/** All workers, one of them, and what its owner may do. */
export function workerRoutes(context: WebContext): Router {
  const { db, farm, owners } = context;
  const router = Router();
  router.get(
    '/workers',
    show(context, async (visit) => {
      const viewer = { isVisitor: visit.actor === null };
      const { items } = await listWorkers(db, farm().rules, { limit: workersInPage }, viewer);
      return { title: 'Workers', content: workersPage(visit, items) };
    }),
  );
  router.get(
    '/workers/:name',
    show(context, async (visit, request) => {
      const name = String(request.params['name']);
      const csrf = owners.csrfToken(request, name);
      const isVisitor = visit.actor === null && csrf === null;
      const worker = await readWorker(db, farm().rules, name, { isVisitor });
      if (worker === undefined) throw problem('no-such-worker', `there is no worker ${name}`);
      const builds = await listBuilds(db, { worker: name, limit: buildsInPage });
      const controls = csrf === null ? null : ownerControls(visit, worker, csrf);
      return {
        title: name,
        content: workerPage(visit, { worker, builds: builds.items, controls }),
      };
    }),
  );
  router.use(ownerRoutes(context));
  return router;
}
