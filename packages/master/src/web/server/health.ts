import { Router } from 'express';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { FarmFacts } from '../../command.ts';
import { programNumber } from '../../store/migrate.ts';
import type { Database } from '../../store/schema.ts';
import { problem } from './problems.ts';

/** `/healthz`: the process lives. `/readyz`: store, schema, engine, objects and room for its data are there too. */
export function healthRoutes(
  db: Kysely<Database>,
  farm: () => FarmFacts,
  ping: () => Promise<unknown>,
): Router {
  const router = Router();
  router.get('/healthz', (_request, response) => {
    response.set('cache-control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_request, response) => {
    await checkStore(db);
    await ping();
    const { shortage, objectsAway } = farm();
    if (shortage !== null) throw problem('disk-full', shortage);
    if (objectsAway !== null) throw problem('objects-away', objectsAway);
    response.set('cache-control', 'no-store').json({ status: 'ok' });
  });
  return router;
}

async function checkStore(db: Kysely<Database>): Promise<void> {
  let newest: number;
  try {
    const applied = await sql<{ newest: number }>`
      select max(number) as newest from migration
    `.execute(db);
    newest = applied.rows[0]?.newest ?? 0;
  } catch (error) {
    throw problem('store-away', 'the store can not be read', { cause: error });
  }
  if (newest < programNumber) {
    throw problem('store-away', `the store is at migration ${newest}, not ${programNumber} yet`);
  }
}
