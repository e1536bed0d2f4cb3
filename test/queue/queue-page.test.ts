import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Queue } from '../../packages/master/src/queue/queue.ts';
import {
  insertMember,
  setLeader,
  setMemberHeard,
} from '../../packages/master/src/store/members.ts';
import { cancelRequest } from '../../packages/master/src/store/requests.ts';
import {
  addRequest,
  addWorker,
  adminToken,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';
import { needs } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';
import { startAnyRedis } from '../support/servers.ts';
import type { AnyRedis } from '../support/servers.ts';
import type { Engines } from './engines.ts';
import { soon, startFarmWithEngine, waits } from './engines.ts';

describe('the page of the queue', () => {
  let farm: SmallFarm;

  afterEach(() => farm?.[Symbol.asyncDispose]());

  function ask(headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${farm.url}/queue`, { headers: { accept: 'text/html', ...headers } });
  }

  /** As an admin sees it: without tags, with one space between words. */
  async function words(): Promise<string> {
    const response = await ask({ authorization: `Bearer ${adminToken}` });
    assert.equal(response.status, 200);
    return (await response.text()).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  }

  it('is for who is signed in', async () => {
    farm = await startSmallFarm();

    const response = await ask();

    assert.equal(response.status, 401);
    assert.doesNotMatch(await response.text(), /memory/);
  });

  it('says what waits for which workers, and that the index is in memory', async () => {
    farm = await startSmallFarm();
    assert.match(await words(), /Nothing waits\..*in the engine's memory/);
    await addWorker(farm, 'w1', { labels: ['linux', 'x64'] });
    for (const builder of [runtimeBuilder, projectBuilder, 'lua/master/musl']) {
      await addRequest(farm, builder, { upstream: 1 });
    }

    const text = await words();

    assert.match(text, /3 requests wait\..* linux x64 2 \S.*? ago 1 linux musl 1 \S.*? ago none/);
  });

  it('names engines and web servers of a farm that has several, and who is silent', async () => {
    farm = await startSmallFarm();
    assert.doesNotMatch(await words(), /Engines and web servers/);
    const at = farm.store.now();
    await farm.store.unit(async (db) => {
      for (const [name, role, ago] of [
        ['north', 'engine', 60_000],
        ['south', 'engine', 1_000],
        ['pages', 'web', 1_000],
      ] as const) {
        const id = await insertMember(db, { role, name, version: '1.2.3', at: at - 3_600_000 });
        await setMemberHeard(db, id, at - ago);
        if (name === 'south') await setLeader(db, id);
      }
    });

    const text = await words();

    const rows = text.slice(text.indexOf('Engines and web servers'));
    assert.match(rows, / north engine 1\.2\.3 .*? 1 ?m.*? ago : silent/);
    assert.match(rows, / south engine, leads 1\.2\.3 \S.*? ago a moment ago/);
    assert.match(rows, / pages web 1\.2\.3 \S.*? ago a moment ago/);
  });

  describe('with Redis', () => {
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

    it('shows the most urgent there, and what became of each in the store', async () => {
      const first = await addRequest(farm, runtimeBuilder, { upstream: 1 });
      const second = await addRequest(farm, projectBuilder, { upstream: 1 });
      engines.ask(queue, waits(first.id, 'a', 5), waits(second.id, 'a', 3));
      await soon(async () => /holds 2 requests/.test(await words()));
      await farm.store.unit((db) => cancelRequest(db, first.id, { at: 1, supersededBy: null }));

      const text = await words();

      assert.match(text, /1 request waits\./);
      assert.match(text, /Redis \d+\.\d+\S* at redis:\/\/[\d.:]+ holds 2 requests/);
      assert.match(text, /That is not what waits/);
      const rows = text.slice(text.indexOf('The most urgent'));
      assert.match(rows, /2 lua\/master\/json\/linux .*waiting .*1 lua\/master\/linux .*cancelled/);
    });
  });

  it('says that Redis is away, without its password', async function () {
    needs(this, 'redis');
    await using own = await RedisServer.start();
    const url = new URL(own.url);
    url.password = 'hidden';
    await own.kill();
    farm = await startSmallFarm({}, undefined, { redisUrl: url.href });

    const text = await words();

    assert.match(
      text,
      /Redis at redis:\/\/127\.0\.0\.1:\d+ can't be asked: .*ECONNREFUSED.*; engines go on/,
    );
    assert.doesNotMatch(text, /hidden/);
  });

  it('comes also when Redis hangs', async function () {
    needs(this, 'redis');
    await using own = await RedisServer.start();
    own.pause();
    farm = await startSmallFarm({}, undefined, { redisUrl: own.url });

    assert.match(await words(), /can't be asked/);
  });
});
