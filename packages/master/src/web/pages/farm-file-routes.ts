import { Router } from 'express';
import { farmFileSchema, includedFileSchema } from '../../farm/farm-file-schema.ts';
import { farmVersionBefore, newestFarmVersion } from '../../store/farm-versions.ts';
import type { WebContext } from '../context.ts';
import { listFarmVersions, readFarmVersion } from '../read/farm-versions.ts';
import { readVersionDifference } from '../read/version-difference.ts';
import { problem } from '../server/problems.ts';
import { farmFilePage } from './farm-file.ts';
import { farmReferencePage } from './farm-reference.ts';
import { farmVersionPage } from './farm-version.ts';
import { numberOf } from './params.ts';
import { show } from './show.ts';
import { one } from './waterfall-ask.ts';

const inPage = 50;

export function farmFileRoutes(context: WebContext): Router {
  const { db, farm } = context;
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
    show(context, async (visit, request) => {
      const ask = { limit: inPage, cursor: one(request, 'cursor') };
      const { items: versions, next } = await listFarmVersions(db, ask);
      const older = next === null ? null : new URLSearchParams({ cursor: next }).toString();
      return { title: 'The farm file', content: farmFilePage(visit, { versions, older }) };
    }),
  );
  router.get(
    '/farm-file/reference',
    show(context, async () => ({ title: 'Farm files', content: farmReferencePage() })),
  );
  router.get(
    '/farm-file/versions/:id',
    show(context, async (visit, request) => {
      const id = numberOf(request);
      const version = await readFarmVersion(db, id, { isVisitor: true });
      if (version === undefined) throw noSuchVersion();
      const inForce = (await newestFarmVersion(db))?.id ?? 0;
      const from = wholeOf(one(request, 'from')) ?? (await farmVersionBefore(db, id));
      const difference =
        visit.actor === null
          ? null
          : await readVersionDifference(db, farm().farmOptions, { from, to: id });
      if (difference === undefined) throw noSuchVersion();
      const content = farmVersionPage(visit, { version, inForce, difference });
      return { title: `Version ${id} of the farm file`, content };
    }),
  );
  return router;
}

function wholeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function noSuchVersion(): Error {
  return problem('no-such-version', 'the farm file has no such version');
}
