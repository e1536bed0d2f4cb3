import { isLoopback } from '@weir/model';
import { Router } from 'express';
import type { Request } from 'express';
import { isLoopbackAddress } from '../../network.ts';
import type { WebContext } from '../context.ts';
import { listBuilds } from '../read/builds.ts';
import { builderHabits } from '../read/habits.ts';
import { readWorker } from '../read/workers.ts';
import { originOf } from './origin.ts';
import { isWhole, registerAsk } from './register-ask.ts';
import { registerPage } from './register.ts';
import { show } from './show.ts';

const buildsLookedAt = 50;

export function registerRoutes(context: WebContext): Router {
  const { db, farm, agentSha256 } = context;
  const router = Router();
  router.get(
    '/register',
    show(context, async (visit, request) => {
      const { file, rules, publicUrl, fingerprint } = farm();
      const ask = registerAsk(request, file);
      const worker = isWhole(ask) ? await readWorker(db, rules, ask.name) : undefined;
      const builds =
        worker && (await listBuilds(db, { worker: ask.name, limit: buildsLookedAt })).items;
      const view = {
        ask,
        farm: file,
        place: {
          origin: publicUrl ?? originOf(request),
          fingerprint,
          agentSha256: await agentSha256(),
          remotes: isFromHere(request) ? file.remotes : new Map<string, string>(),
        },
        habits: await builderHabits(db, visit.now),
        worker,
        builds: builds ?? [],
      };
      return { title: 'Lend a machine', content: registerPage(visit, view) };
    }),
  );
  return router;
}

/** Whether the visitor sits at the machine that the farm runs on: local repositories are there for them too. */
function isFromHere(request: Request): boolean {
  const isLocalPeer = isLoopbackAddress(request.ip ?? '');
  return isLocalPeer && isLoopback(new URL(originOf(request)).hostname);
}
