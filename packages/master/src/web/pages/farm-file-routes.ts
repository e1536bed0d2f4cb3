import { Router } from 'express';
import { farmFileSchema, includedFileSchema } from '../../farm/farm-file-schema.ts';
import type { WebContext } from '../context.ts';
import { farmFilePage } from './farm-file.ts';
import { show } from './show.ts';

export function farmFileRoutes(context: WebContext): Router {
  const router = Router();
  const schemas = { farm: farmFileSchema, included: includedFileSchema };
  for (const [name, schema] of Object.entries(schemas)) {
    router.get(`/schema/${name}.json`, (_request, response) => {
      response.set('cache-control', 'no-cache').type('application/schema+json');
      response.send(JSON.stringify(schema(), null, 2));
    });
  }
  router.get(
    '/farm-file',
    show(context, async () => ({ title: 'The farm file', content: farmFilePage() })),
  );
  return router;
}
