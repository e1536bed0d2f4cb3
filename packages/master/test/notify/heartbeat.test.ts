import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { Heartbeat } from '../../src/notify/heartbeat.ts';
import { insertDeliveries } from '../../src/store/deliveries.ts';
import { recordEvents } from '../../src/store/events.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from '../../src/store/store.ts';
import { farmText, NotifyFarm } from './notify-farm.ts';

const hour = 3_600_000;

describe('the heartbeat of the notifier', () => {
  let server: Server;
  let url: string;
  let asked: string[];
  let answer: (response: ServerResponse) => void;
  let dir: string;
  let store: Store;
  let now: number;
  let seen: number;
  let told: (string | null)[];
  let logged: string[];
  let heartbeat: Heartbeat | undefined;
  /** Ends the waiting for the next beat, as its time would. */
  let next: () => void;
  let waiting: PromiseWithResolvers<number>;

  beforeEach(async () => {
    asked = [];
    answer = (response) => response.writeHead(200).end('OK');
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      answer(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/1`;
    dir = await mkdtemp(join(tmpdir(), 'weir-heartbeat-'));
    store = await openStore(join(dir, 'weir.sqlite'));
    now = Date.UTC(2026, 10, 21);
    seen = 0;
    told = [];
    logged = [];
    waiting = Promise.withResolvers();
  });
  afterEach(async () => {
    await heartbeat?.stop();
    heartbeat = undefined;
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
    server.close();
    server.closeAllConnections();
  });

  /** Resolves after the first beat. */
  async function start(notify: string, fromEnvironment: string | null = null): Promise<number> {
    const reading = readFarmText(farmText(notify), 'farm.yaml');
    assert.ok(reading.ok, JSON.stringify(reading));
    heartbeat = new Heartbeat({
      store,
      farm: () => reading.farm,
      now: () => now,
      log: { info: (text) => logged.push(text), warn: (text) => logged.push(text) },
      reader: {
        get seen() {
          return seen;
        },
      },
      url: fromEnvironment,
      changed: (trouble) => told.push(trouble),
      wait(ms, { signal }) {
        const { promise, resolve } = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => resolve());
        next = resolve;
        waiting.resolve(ms);
        return promise;
      },
    });
    heartbeat.start();
    return waiting.promise;
  }

  const startHere = (): Promise<number> =>
    start(`{private-webhooks: true, heartbeat: {url: '${url}', every: 10m}}`);

  /** Resolves after one more beat. */
  async function beat(): Promise<void> {
    waiting = Promise.withResolvers();
    next();
    await waiting.promise;
  }

  async function happens(at: number): Promise<void> {
    const event = { at, kind: 'worker.missing', actor: 'engine', subject: 'worker/w1', data: {} };
    await store.unit((db) => recordEvents(db, [event]));
  }

  it('asks its address every so often', async () => {
    const everyMs = await startHere();
    await beat();

    assert.equal(everyMs, 600_000);
    assert.deepEqual(asked, ['GET /ping/1', 'GET /ping/1']);
    assert.deepEqual([told, logged], [[], []]);
  });

  it('says once what fails, and that it goes on', async () => {
    answer = (response) => response.writeHead(302, { location: `${url}/elsewhere` }).end();
    await startHere();
    await beat();
    answer = (response) => response.writeHead(200).end();
    await beat();

    const why = 'the receiver answered 302: a redirect, which is not followed';
    assert.deepEqual(told, [why, null]);
    assert.deepEqual(logged, [`no heartbeat: ${why}`, 'the heartbeat is in order again']);
    assert.deepEqual(asked, ['GET /ping/1', 'GET /ping/1', 'GET /ping/1']);
  });

  it('is not given while notices are behind the event log', async () => {
    await happens(now - 6 * 60_000);
    await startHere();
    seen = 1;
    // What came this moment is nobody's fault.
    await happens(now);
    await beat();

    assert.deepEqual(told, ['notices are behind the event log since event 1', null]);
    assert.equal(asked.length, 1);
  });

  it('is not given while a notice is not told, or is on its way for an hour', async () => {
    const at = now - hour - 1;
    const notice = { kind: 'worker-missing', about: 'worker/w1', created_at: at } as const;
    const state = 'gathering' as const;
    await store.unit((db) =>
      db
        .insertInto('notice')
        .values({ ...notice, state })
        .execute(),
    );
    await start(`{private-webhooks: true, gather: 0s, heartbeat: {url: '${url}'}}`);
    await store.unit(async (db) => {
      await db.updateTable('notice').set({ state: 'told', told_at: at }).execute();
      const to = { notice: 1, channel: 'mail', address: 'dev@example.test' } as const;
      const delivery = { ...to, subscriptions: [1], messageId: '<1@test>', answers: null };
      await insertDeliveries(db, [delivery], at);
    });
    await beat();
    now -= 2;
    await beat();

    const since = new Date(at).toISOString();
    assert.deepEqual(told, ['notice 1 is not told', `a delivery waits since ${since}`, null]);
    assert.equal(asked.length, 1);
  });

  it('goes to no private address unless the farm allows that', async () => {
    await start(`{heartbeat: {url: '${url}'}}`);

    assert.deepEqual(asked, []);
    assert.match(String(told[0]), /^127\.0\.0\.1 is a private address/);
  });

  it('goes where the environment says, and never says where that is', async () => {
    await start('{private-webhooks: true}', url);
    assert.deepEqual(asked, ['GET /ping/1']);
    await heartbeat?.stop();
    waiting = Promise.withResolvers();

    await start('{}', 'http://hc.example.org/secret');

    assert.equal(asked.length, 1);
    assert.match(String(told[0]), /^WEIR_HEARTBEAT_URL is no address such as/);
    assert.doesNotMatch(String(told[0]), /secret/);
  });

  it('is given by a notifier of a farm whose file names an address', async () => {
    const first = Promise.withResolvers<void>();
    answer = (response) => {
      response.writeHead(200).end();
      first.resolve();
    };

    await using _farm = await NotifyFarm.start(
      `{private-webhooks: true, heartbeat: {url: '${url}', every: 1d}}`,
    );
    await first.promise;

    assert.deepEqual(asked, ['GET /ping/1']);
  });
});
