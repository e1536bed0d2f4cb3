import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requestSchema } from '@weir/protocol';
import { Redis } from 'ioredis';
import { after, before, describe, it } from 'mocha';
import { FarmProcess, token } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

describe('a farm with Redis', function () {
  this.timeout(120_000);
  let repositories: SmallFarm;
  let redis: RedisServer;
  let farm: FarmProcess;
  let ledger: string;

  before(async function () {
    needs(this, 'redis');
    redis = await RedisServer.start();
    repositories = await createSmallFarm();
    // Where each build signs by itself, whatever the farm believes.
    ledger = join(repositories.app.path, '..', 'ledger');
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps: [`- sign: echo built >> ${ledger}`] }),
      remotes: repositories.remotes,
      env: { WEIR_REDIS_URL: redis.url },
    });
    await farm.logged('the queue is shared by Redis');
    await farm.addWorker({ name: 'w1', slots: 2 });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
  });

  async function force(count: number): Promise<number[]> {
    const asked: number[] = [];
    for (let nth = 0; nth < count; nth++) {
      const body = { builder: appBuilder, reason: 'to see it built once' };
      asked.push(requestSchema.parse(await farm.post('/api/v1/requests', body)).id);
    }
    return asked;
  }

  async function flush(): Promise<void> {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  }

  it('shows an admin what Redis holds', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const page = await (await fetch(`${farm.url}/queue`, { headers })).text();

    assert.match(page, /Redis \d+\.\d+\S* at\s+<code>redis:\/\/127\.0\.0\.1:\d+<\/code> holds/);
  });

  it('shows an admin the jobs one by one', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const board = `${farm.url}/queue/board`;
    const page = await (await fetch(board, { headers })).text();
    const scripts = [...page.matchAll(/src="(static\/js\/[\w.-]+)"/g)].map(([, path]) => path);

    assert.ok(scripts.length > 0);
    for (const path of scripts) {
      assert.equal((await fetch(`${board}/${path}`, { headers })).status, 200, path);
    }
  });

  it('builds each request once while Redis is killed, emptied, hangs, and comes back', async () => {
    const asked = await force(4);
    await redis.kill();
    asked.push(...(await force(4)));
    await redis.start();
    asked.push(...(await force(2)));
    await flush();
    asked.push(...(await force(4)));
    redis.pause();
    asked.push(...(await force(4)));
    redis.resume();

    await Promise.all(
      asked.map((request) => farm.events.until('build.finished', { data: { request } })),
    );
    const started = farm.events.all.filter(({ kind }) => kind === 'build.started');
    for (const request of asked) {
      assert.equal(started.filter(({ data }) => data['request'] === request).length, 1);
    }
    const signed = (await readFile(ledger, 'utf8')).trim().split('\n');
    const ofApp = started.filter(({ data }) => data['builder'] === appBuilder);
    assert.equal(signed.length, ofApp.length);
  });

  it('answers a person and starts anew without Redis', async () => {
    await redis.kill();
    const [request] = await force(1);
    await farm.events.until('build.finished', { data: { request } });

    await farm.stop();
    await farm.start();
    const [next] = await force(1);
    await farm.events.until('build.finished', { data: { request: next } });
    await redis.start();
  });
});
