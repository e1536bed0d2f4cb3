import { extname } from 'node:path';
import { Router } from 'express';
import type { Bundles } from './bundles.ts';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** `/weir-worker.mjs`, and `/assets/` for the pages. */
export function bundleRoutes(bundles: Bundles): Router {
  const router = Router();
  router.get('/weir-worker.mjs', async (_request, response) => {
    const { bytes, sha256 } = await bundles.agent();
    response
      .type('text/javascript; charset=utf-8')
      .set({ etag: `"${sha256}"`, 'cache-control': 'no-cache', 'x-weir-sha256': sha256 })
      .send(Buffer.from(bytes));
  });
  router.get('/assets/:name', async (request, response, next) => {
    const { name } = request.params;
    const type = types[extname(name)];
    const asset = type === undefined ? undefined : (await bundles.assets()).get(name);
    if (asset === undefined || type === undefined) {
      next();
      return;
    }
    response
      .type(type)
      .set({ etag: `"${asset.sha256}"`, 'cache-control': 'public, max-age=31536000, immutable' })
      .send(Buffer.from(asset.bytes));
  });
  return router;
}
