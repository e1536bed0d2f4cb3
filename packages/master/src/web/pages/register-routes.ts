import { Router } from 'express';
import type { Request } from 'express';
import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';
import type { WebContext } from '../context.ts';
import { listBuilds } from '../read/builds.ts';
import { readWorker } from '../read/workers.ts';
import { isLoopback } from './join-command.ts';
import { originOf } from './origin.ts';
import { isWhole, registerAsk } from './register-ask.ts';
import { registerPage } from './register.ts';
import { show } from './show.ts';
import type { UsualTimes } from './what-runs.ts';

const buildsLookedAt = 50;

export function registerRoutes(context: WebContext): Router {
  const { db, farm, agentSha256 } = context;
  const router = Router();
  router.get(
    '/register',
    show(context, async (visit, request) => {
      const { file, publicUrl, fingerprint } = farm();
      const ask = registerAsk(request, file);
      const worker = isWhole(ask) ? await readWorker(db, ask.name) : undefined;
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
        usual: await usualTimes(db),
        worker,
        builds: builds ?? [],
      };
      return { title: 'Lend a machine', content: registerPage(visit, view) };
    }),
  );
  return router;
}

async function usualTimes(db: Kysely<Database>): Promise<UsualTimes> {
  const rows = await db
    .selectFrom('builder')
    .select(['name', 'usual_ms'])
    .where('active', '=', 1)
    .execute();
  return new Map(
    rows.flatMap(({ name, usual_ms }) => (usual_ms === null ? [] : [[name, usual_ms] as const])),
  );
}

/** Whether the visitor sits at the machine that the farm runs on: local repositories are there for them too. */
function isFromHere(request: Request): boolean {
  const peer = request.socket.remoteAddress ?? '';
  const isLocalPeer = peer === '::1' || /^(::ffff:)?127\./.test(peer);
  return isLocalPeer && isLoopback(new URL(originOf(request)).hostname);
}
