import { Router } from 'express';
import { farmFileSchema } from '../../farm/farm-file-schema.ts';
import type { WebContext } from '../context.ts';
import { farmFilePage } from './farm-file.ts';
import { show } from './show.ts';

export function farmFileRoutes(context: WebContext): Router {
  const router = Router();
  router.get('/schema/farm.json', (_request, response) => {
    response.set('cache-control', 'no-cache').type('application/schema+json');
    response.send(JSON.stringify(farmFileSchema(), null, 2));
  });
  router.get(
    '/farm-file',
    show(context, async () => ({ title: 'The farm file', content: farmFilePage() })),
  );
  return router;
}
