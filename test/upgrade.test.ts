import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buildSchema, requestSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { onlyOnSqlite } from './support/test-store.ts';

const upgrades = new URL('../packages/master/test/store/upgrades/', import.meta.url);
const stores = readdirSync(upgrades).filter((name) => name.endsWith('.sql'));
const pages = [
  '/',
  '/console',
  '/breakages',
  `/builders/${runtimeBuilder}`,
  `/builders/${appBuilder}`,
  '/builds/1',
  '/builds/3',
  '/logs/3',
  '/requests/3',
  '/changes/2',
  '/outbox',
  '/workers',
  '/workers/w1',
  '/api/v1/builds',
  '/api/v1/breakages',
  '/api/v1/requests',
  '/readyz',
];

const builds = z.object({ items: z.array(z.object({ id: z.number() })) });
const requests = z.object({ items: z.array(requestSchema) });

describe('a farm whose program is replaced by this one', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  before(async function () {
    onlyOnSqlite(this);
    repositories = await createSmallFarm();
    const { remotes } = repositories;
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  for (const name of stores) {
    it(`goes on with the store ${name}`, async () => {
      await farm.stop();
      const data = join(farm.dir, 'farm');
      await rm(data, { recursive: true });
      await mkdir(data);
      {
        using db = new DatabaseSync(join(data, 'weir.sqlite'));
        db.exec(await readFile(new URL(name, upgrades), 'utf8'));
      }
      await writeFile(farm.farmPath, repositories.farm());

      await farm.start();

      for (const page of pages) {
        const { status } = await fetch(new URL(page, farm.url));
        assert.equal(status, 200, page);
      }
      const red = await farm.get('/api/v1/builds/3', buildSchema);
      assert.deepEqual([red.builder, red.result], [appBuilder, 'failure']);
      const running = await farm.get('/api/v1/builds?state=running', builds);
      assert.equal(running.items.length, 1);
      const waiting = await farm.get('/api/v1/requests?state=waiting', requests);
      assert.ok(
        waiting.items.some(({ reasonText }) => reasonText === 'waits'),
        name,
      );
    });
  }
});
