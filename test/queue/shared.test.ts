import assert from 'node:assert/strict';
import { Queue as JobQueue } from 'bullmq';
import { Redis } from 'ioredis';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Queue } from '../../packages/master/src/queue/queue.ts';
import { needs } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';
import { ownRedis, startAnyRedis } from '../support/servers.ts';
import type { AnyRedis } from '../support/servers.ts';
import { Engines, idsOf, soon, waits } from './engines.ts';

describe('a queue shared by engines', function () {
  this.timeout(30_000);
  let redis: AnyRedis;
  let engines: Engines;
  let one: Queue;
  let two: Queue;

  before(async function () {
    redis = await startAnyRedis(this);
  });
  after(async () => {
    await redis?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await ask((client) => client.flushall());
    engines = new Engines();
    one = await engines.open(redis.url);
    two = await engines.open(redis.url);
    await soon(() => engines.log.filter((text) => text.includes('is shared')).length === 2);
  });
  afterEach(async () => {
    await engines[Symbol.asyncDispose]();
  });

  async function ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(redis.url);
    try {
      return await question(client);
    } finally {
      client.disconnect();
    }
  }

  /** The jobs that any BullMQ program sees, the most urgent first. */
  function jobs(): Promise<string[]> {
    return ask(async (client) => {
      const queue = new JobQueue('requests', { connection: client, prefix: '{weir-test}' });
      return queue.getRanges(['prioritized'], 0, -1, true);
    });
  }
  const turnOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const jobsAre = async (...ids: number[]): Promise<boolean> =>
    (await jobs()).join() === ids.map((id) => `request-${id}`).join();

  it('gives each engine what another one added, until it is claimed', async () => {
    engines.ask(one, waits(1, 'a', 5), waits(2, 'a', 3), waits(3, 'b', 4));

    await soon(() => idsOf(two, ['a', 'b']).join() === '2,1,3');
    engines.claim(two, 2);
    await soon(() => idsOf(one, ['a', 'b']).join() === '1,3');
    await soon(() => jobsAre(3, 1));
  });

  it('tells of a request that waits again, with what became of it', async () => {
    engines.ask(one, waits(1, 'a', 5));
    await soon(() => idsOf(two, ['a']).join() === '1');
    engines.claim(two, 1);
    engines.ask(two, waits(1, 'b', 5));

    await soon(() => idsOf(one, ['a', 'b']).join() === '1' && one.pools().join() === 'b');
    // What it heard of its own removal takes back nothing.
    assert.deepEqual(idsOf(two, ['b']), [1]);
    await soon(() => jobsAre(1));
  });

  it('keeps what is removed and added again, however fast', async () => {
    engines.ask(one, waits(1, 'a', 5));
    await soon(() => idsOf(two, ['a']).length === 1);
    for (let turns = 0; turns < 10; turns++) {
      engines.claim(one, 1);
      // Redis is told in the same turn, or in one after the other, or has told of it already.
      for (let turn = 0; turn < turns; turn++) await turnOver();
      engines.ask(one, waits(1, 'a', 5));
      await soon(() => jobsAre(1));
      assert.deepEqual(idsOf(one, ['a']), [1]);
    }

    engines.ask(two, waits(2, 'a', 5));
    await soon(() => idsOf(one, ['a']).join() === '1,2');
    await soon(() => idsOf(two, ['a']).length === 2);
  });

  it('does not hold the requests of another farm', async () => {
    const other = new Engines();
    try {
      const queue = await other.open(redis.url, '{weir-other}');
      await soon(() => other.log.length > 0);
      other.ask(queue, waits(9, 'a', 1));
      engines.ask(one, waits(1, 'a', 1));

      await soon(() => idsOf(two, ['a']).join() === '1');
      assert.deepEqual(idsOf(queue, ['a']), [9]);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it('knows all that waits when it starts, and clears up after an engine that died', async () => {
    engines.ask(one, waits(1, 'a', 1), waits(2, 'a', 1));
    await soon(() => jobsAre(1, 2));
    // Claimed by an engine that had no time to say so.
    engines.store.delete(2);
    const three = await engines.open(redis.url);

    assert.deepEqual(idsOf(three, ['a']), [1]);
    await soon(() => jobsAre(1));
  });

  it('keeps what one engine knows the builder of, and another one not yet', async () => {
    engines.unknown.set(two, new Set([1]));
    engines.ask(one, waits(1, 'a', 1), waits(2, 'a', 1));
    await soon(() => jobsAre(1, 2));
    // Of what Redis says and it does not know, the sweep of the other takes back what waits no more.
    engines.store.delete(2);
    engines.reconcile(two);

    await soon(() => jobsAre(1));
    assert.ok(idsOf(one, ['a']).includes(1));
  });

  it('is whole again within 3 s of FLUSHALL', async () => {
    engines.ask(one, waits(1, 'a', 1));
    await soon(() => idsOf(two, ['a']).length === 1);
    await ask((client) => client.flushall());
    engines.ask(two, waits(2, 'a', 2));

    await soon(() => jobsAre(1, 2));
    await soon(() => idsOf(one, ['a']).join() === '1,2');
    engines.ask(one, waits(3, 'a', 3));
    await soon(() => idsOf(two, ['a']).join() === '1,2,3');
  });

  for (const fate of ['is killed', 'hangs'] as const) {
    it(`goes on from the store while Redis ${fate}, and with Redis within 3 s of its return`, async function () {
      const own = ownRedis(this, redis);
      engines.ask(one, waits(1, 'a', 1));
      await soon(() => idsOf(two, ['a']).length === 1);
      await (fate === 'hangs' ? own.pause() : own.kill());
      const startedAt = performance.now();
      engines.ask(one, waits(2, 'a', 2));
      engines.claim(one, 1);

      assert.ok(performance.now() - startedAt < 100);
      assert.deepEqual(idsOf(one, ['a']), [2]);
      await soon(() => idsOf(two, ['a']).join() === '2', 8_000);
      await (fate === 'hangs' ? own.resume() : own.start());
      await soon(() => jobsAre(2));
      engines.ask(two, waits(3, 'a', 3));
      await soon(() => idsOf(one, ['a']).join() === '2,3');
    });
  }

  it('starts and ends without Redis, and finds it later', async function () {
    const own = ownRedis(this, redis);
    await own.kill();
    const alone = new Engines();
    try {
      const queue = await alone.open(redis.url);
      alone.ask(queue, waits(1, 'a', 1));

      assert.deepEqual(idsOf(queue, ['a']), [1]);
      await soon(() => alone.log.some((text) => text.includes('is away')));
      await own.start();
      await soon(() => jobsAre(1));
      await own.kill();
    } finally {
      await alone[Symbol.asyncDispose]();
      await own.start();
    }
  });

  it('says what Redis lacks to keep what it is told', async function () {
    needs(this, 'redis');
    await using careless = await RedisServer.start({
      appendonly: 'no',
      'maxmemory-policy': 'allkeys-lru',
    });
    await engines.open(careless.url);

    await soon(() => engines.log.some((text) => text.includes('set appendonly yes')));
    assert.ok(engines.log.some((text) => text.includes('set maxmemory-policy noeviction')));
  });
});
