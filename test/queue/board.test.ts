import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Queue } from '../../packages/master/src/queue/queue.ts';
import { adminToken, startSmallFarm } from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { launchBrowser } from '../support/browser.ts';
import { needs } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';
import { startAnyRedis } from '../support/servers.ts';
import type { AnyRedis } from '../support/servers.ts';
import type { Engines } from './engines.ts';
import { soon, startFarmWithEngine, waits } from './engines.ts';

const signedIn = { authorization: `Bearer ${adminToken}` };

describe('Bull Board', () => {
  let farm: SmallFarm;

  afterEach(() => farm?.[Symbol.asyncDispose]());

  function ask(path = '', init: RequestInit = {}): Promise<Response> {
    return fetch(`${farm.url}/queue/board${path}`, { headers: signedIn, ...init });
  }

  describe('over a Redis', () => {
    let redis: AnyRedis;
    let engines: Engines;
    let queue: Queue;

    before(async function () {
      redis = await startAnyRedis(this);
    });
    after(() => redis?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      ({ farm, engines, queue } = await startFarmWithEngine(redis.url));
    });
    afterEach(() => engines[Symbol.asyncDispose]());

    it('is for who is signed in, whatever of it is asked for', async () => {
      for (const path of ['', '/', '/api/queues', '/static/favicon.ico']) {
        assert.equal((await ask(path, { headers: {} })).status, 401, path);
        assert.equal((await ask(path)).status, 200, path);
      }
    });

    it('changes nothing', async () => {
      engines.ask(queue, waits(7, 'a', 5));
      await soon(async () => (await (await ask('/api/queues')).text()).includes('"prioritized":1'));
      const removed = '/api/queues/requests/request-7/clean';

      for (const [path, method] of [
        [removed, 'PUT'],
        ['/api/queues/requests/pause', 'PUT'],
        ['/api/queues/requests/empty', 'PUT'],
        ['/api/queues/requests/add', 'POST'],
        ['/api/queues/requests', 'DELETE'],
      ] as const) {
        assert.equal((await ask(path, { method })).status, 405, `${method} ${path}`);
      }
      const left = await (await ask('/api/queues')).text();
      assert.match(left, /"prioritized":1.*"readOnlyMode":true.*"isPaused":false/);
    });

    it('shows what waits, in a browser that may load nothing from elsewhere', async function () {
      needs(this, 'chromium');
      engines.ask(queue, waits(7, 'a', 5));
      const browser = await launchBrowser();
      try {
        const page = await browser.newPage({ extraHTTPHeaders: signedIn });
        const failures: string[] = [];
        page.on('pageerror', (error) => failures.push(String(error)));

        const { headers } = await ask();
        assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none';/);
        await page.goto(`${farm.url}/queue`);
        await page.getByRole('link', { name: 'Bull Board' }).click();
        await page.getByRole('link', { name: 'requests' }).first().click();
        await page
          .getByRole('link', { name: /prioritized/i })
          .first()
          .click();

        await page.getByText('request-7').first().waitFor();
        assert.deepEqual(failures, []);
      } finally {
        await browser.close();
      }
    });
  });

  it('is not there without Redis', async () => {
    farm = await startSmallFarm();

    const answer = await ask();

    assert.equal(answer.status, 404);
    assert.match(await answer.text(), /given no Redis/);
  });

  describe('over a Redis of its own', () => {
    let redis: RedisServer;

    beforeEach(async function () {
      needs(this, 'redis');
      redis = await RedisServer.start();
    });
    afterEach(() => redis?.[Symbol.asyncDispose]());

    /** What this Redis says. */
    async function told(...command: [string, ...string[]]): Promise<string> {
      const client = new Redis(redis.url);
      try {
        return String(await client.call(...command));
      } finally {
        client.disconnect();
      }
    }

    it('says that it is away, as long as it is', async () => {
      await redis.kill();
      farm = await startSmallFarm({}, undefined, { redisUrl: redis.url });

      const answer = await ask();

      assert.equal(answer.status, 503);
      assert.match(await answer.text(), /"redis-away".*ECONNREFUSED/);
      await redis.start();
      await soon(async () => (await ask('/api/queues')).status === 200);
      redis.pause();
      assert.match(await (await ask('/api/queues')).text(), /"redis-away"/);
      redis.resume();
      await soon(async () => (await ask('/api/queues')).status === 200);
    });

    it('writes nothing there', async () => {
      farm = await startSmallFarm({}, undefined, { redisUrl: redis.url });

      assert.equal((await ask('/api/queues')).status, 200);

      assert.equal(await told('dbsize'), '0');
    });
  });
});
