import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import process from 'node:process';
import { farmSchema, wellKnownSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { testStore } from '../../../../test/support/test-store.ts';
import { objectsPlaceOf } from '../../src/builds/objects/objects-place.ts';
import { startWebThread } from '../../src/web/thread.ts';
import { startSmallFarm } from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

describe('the web role', () => {
  let farm: SmallFarm;

  before(async () => {
    farm = await startSmallFarm({ workerPort: 4711 });
  });
  after(() => farm?.[Symbol.asyncDispose]());

  const get = (path: string) => fetch(farm.url + path);

  it('is alive, and ready while store and engine are there', async () => {
    assert.equal((await get('/healthz')).status, 200);
    assert.equal((await get('/readyz')).status, 200);
  });

  it('is a thread that lets the engine go first', function () {
    // Elsewhere a thread has no priority of its own.
    if (process.platform !== 'linux') this.skip();

    const own = getPriority();

    assert.ok(niceOfThreads().includes(Math.min(own + 10, 19)));
  });

  it('tells workers where to connect, and by which key they know the farm', async () => {
    const answer = wellKnownSchema.parse(await (await get('/.well-known/weir')).json());

    assert.equal(answer.farm, 'Test farm');
    assert.equal(answer.workerUrl, 'ws://127.0.0.1:4711/worker');
    assert.equal(answer.fingerprint, 'SHA256:farm');
  });

  it('has workers connect where it was asked, when the farm file has a path for that', async () => {
    farm.web.setFarm({ ...farm.facts, workerUrl: '/worker' });
    // Asks the engine, whose answer comes by the same way behind the farm file.
    await get('/readyz');
    const headers = { 'x-forwarded-proto': 'https' };

    const plain = await get('/.well-known/weir');
    const behindTls = await fetch(`${farm.url}/.well-known/weir`, { headers });

    const { host } = new URL(farm.url);
    assert.equal(wellKnownSchema.parse(await plain.json()).workerUrl, `ws://${host}/worker`);
    assert.equal(wellKnownSchema.parse(await behindTls.json()).workerUrl, `wss://${host}/worker`);
    farm.web.setFarm(farm.facts);
  });

  it('serves the agent as one file, with its hash', async () => {
    const response = await get('/weir-worker.mjs');

    const bytes = Buffer.from(await response.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-weir-sha256'), sha256);
    assert.match(response.headers.get('content-type') ?? '', /^text\/javascript/);
    assert.doesNotMatch(bytes.toString(), /from ['"]@weir\//);
  });

  it('goes by the farm file that the engine put in force last', async () => {
    farm.web.setFarm({ ...farm.facts, warnings: ['The farm file is broken.'] });
    // Asks the engine, whose answer comes by the same way behind the farm file.
    await get('/readyz');

    const answer = farmSchema.parse(await (await get('/api/v1/farm')).json());

    assert.deepEqual(answer.warnings, ['The farm file is broken.']);
  });

  it('says so when its port is taken', async () => {
    const { facts } = farm;
    const port = farm.web.port;
    const store = await testStore(farm.storePath);
    const dataDir = '/nowhere';
    const objectsPlace = objectsPlaceOf(null, dataDir);
    const common = { store, dataDir, objectsPlace, redisUrl: null, host: '127.0.0.1' };
    const options = { ...common, port, logFormat: 'text' as const, farm: facts };
    const log = { info: () => {}, warn: () => {} };
    const vitals = () => ({ commits: 0, busyMs: 0 });
    const engine = { run: async () => ({}), started: Promise.resolve(), vitals, log };

    await assert.rejects(startWebThread(options, engine), /port can't be opened.*EADDRINUSE/);
  });
});

/** The nice value of each thread of this process. */
function niceOfThreads(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const [, fields = ''] = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ');
    return Number(fields.split(' ')[16]);
  });
}
