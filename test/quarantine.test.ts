import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { builderSchema, requestSchema, workerSchema } from '@weir/protocol';
import type { ApiEvent, ApiRequest, ApiWorker } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { setQuarantine } from '../packages/master/src/store/quarantine.ts';
import { workerByName } from '../packages/master/src/store/workers.ts';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';
import { openTestStore } from './support/test-store.ts';

const builderPath = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;

describe('a farm with a worker whose git breaks', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let tools: string;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    tools = await mkdtemp(join(tmpdir(), 'weir-tools-'));
    await writeGit(tools);
    const PATH = `${tools}:${process.env['PATH']}`;
    // With more free slots than the other one it is always the first to be asked.
    await farm.addWorker({ name: 'sick', slots: 2, env: { PATH } });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
    await farm.addWorker({ name: 'well' });
    await farm.post('/api/v1/workers/sick/pause', { reason: 'a test' });
    await farm.events.until('build.finished', { data: { request: await force() } });
    await farm.post('/api/v1/workers/sick/resume', { reason: 'a test' });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(tools, { recursive: true, force: true });
  });

  const breakGit = (): Promise<void> => writeFile(join(tools, 'broken'), '');
  const mendGit = (): Promise<void> => rm(join(tools, 'broken'), { force: true });
  const workerOf = (name: string): Promise<ApiWorker> =>
    farm.get(`/api/v1/workers/${name}`, workerSchema);
  const requestOf = (id: number): Promise<ApiRequest> =>
    farm.get(`/api/v1/requests/${id}`, requestSchema);

  async function force(): Promise<number> {
    const body = { builder: appBuilder, reason: 'a test' };
    return requestSchema.parse(await farm.post('/api/v1/requests', body)).id;
  }

  /** Asks for a build, and waits for its end; its request, and the end of the first try. */
  async function build(): Promise<{ request: number; first: ApiEvent }> {
    const request = await force();
    await farm.events.until('build.finished', { data: { request, result: 'success' } });
    return { request, first: await farm.events.until('build.finished', { data: { request } }) };
  }

  it('builds elsewhere what could not begin there, and holds nothing against the code', async () => {
    await breakGit();

    const { request, first } = await build();

    assert.deepEqual([first.data['result'], first.data['retried']], ['exception', true]);
    const { result, attempts, taken } = await requestOf(request);
    assert.deepEqual([result, attempts], ['success', 1]);
    assert.deepEqual(
      taken.map(({ worker, text }) => [worker, text.includes('no git today')]),
      [['sick', true]],
    );
    const { verdict } = await farm.get(builderPath, builderSchema);
    assert.equal(verdict, 'green');
    assert.equal((await workerOf('sick')).quarantine, null);
  });

  it('quarantines the worker when it happens again, until an admin releases it', async () => {
    const { first } = await build();

    const after = first.number;
    const quarantined = await farm.events.until('worker.quarantined', { after });
    assert.equal(quarantined.subject, 'worker/sick');
    const { quarantine } = await workerOf('sick');
    assert.equal(quarantine?.until, first.at + 10_000);
    assert.match(quarantine.reason, /2 times in a row .*no git today/);
    const page = await (await fetch(new URL('/workers/sick', farm.url))).text();
    assert.match(page, /Quarantined .*2 times in a row/s);

    const list = await runWeir(['workers'], farm);
    assert.match(list.stdout, /sick +quarantined .*\nsick is quarantined until .*no git today\n/s);
    const args = ['workers', 'release', 'sick', '--reason', 'git is back'];
    assert.deepEqual(await runWeir(args, farm), {
      status: 0,
      stderr: '',
      stdout:
        'Worker sick is released: it takes builds again, and what led to its quarantine is forgotten.\n',
    });
    await farm.events.until('worker.released', { after, data: { reason: 'git is back' } });
    assert.equal((await workerOf('sick')).quarantine, null);
    await assert.rejects(
      farm.post('/api/v1/workers/sick/release', { reason: 'twice' }),
      /409.*not quarantined/s,
    );
  });

  it('tries it again when its time is over, and forgets it all for one build', async () => {
    await build();
    const { first } = await build();
    const after = first.number;
    await farm.post('/api/v1/workers/well/revoke', { reason: 'to have the sick one alone' });
    const request = await force();
    const { waits } = await requestOf(request);
    await mendGit();

    await farm.events.until('worker.released', { after, data: { reason: 'its time is over' } });
    const recovered = await farm.events.until('worker.recovered', { after });

    assert.equal(waits?.reason, 'quarantined');
    assert.match(waits.detail, /^sick is quarantined for \d+ s more: 2 times in a row/);
    const [finished] = farm.events.all.filter(
      ({ kind, data }) => kind === 'build.finished' && data['request'] === request,
    );
    assert.equal(`build/${String(recovered.data['build'])}`, finished?.subject);
    assert.ok((finished?.at ?? 0) >= first.at + 10_000);
    assert.equal((await workerOf('sick')).quarantine, null);
  });
});

describe('a project that can be checked out nowhere', () => {
  it('ends its request after the tries that there are, and quarantines no worker', async () => {
    await using repositories = await createSmallFarm();
    await using farm = await FarmProcess.start({
      farm: repositories.farm({ extra: 'limits: { max-attempts: 2 }\n' }),
      remotes: repositories.remotes,
    });
    for (const name of ['w1', 'w2']) await farm.addWorker({ name });
    const first = await farm.events.until('build.finished', { data: { builder: appBuilder } });
    await farm.post(`${builderPath}/pause`, { reason: 'a test' });
    await repositories.app.commit({ message: 'More', files: { 'more.txt': '' } });
    const data = { builder: appBuilder };
    const { subject } = await farm.events.until('request.created', { after: first.number, data });
    await rename(repositories.app.path, `${repositories.app.path}-gone`);

    await farm.post(`${builderPath}/resume`, { reason: 'a test' });

    const request = Number(subject.slice('request/'.length));
    await farm.events.until('build.finished', { data: { request, retried: false } });
    const { state, result, attempts, taken } = await farm.get(
      `/api/v1/requests/${request}`,
      requestSchema,
    );
    assert.deepEqual([state, result, attempts], ['done', 'exception', 2]);
    assert.equal(new Set(taken.map(({ worker }) => worker)).size, 2);
    for (const name of ['w1', 'w2']) {
      const { quarantine } = await farm.get(`/api/v1/workers/${name}`, workerSchema);
      assert.equal(quarantine, null);
    }
    const { verdict } = await farm.get(builderPath, builderSchema);
    assert.equal(verdict, 'green');
  });
});

describe('a quarantine', () => {
  it('outlives its master, and keeps builds from the worker until it is released', async () => {
    await using repositories = await createSmallFarm();
    const { remotes } = repositories;
    await using farm = await FarmProcess.start({ farm: repositories.farm(), remotes });
    const worker = new RawWorker('raw');
    await farm.events.until('request.created', { data: { builder: appBuilder } });
    await worker.prove(farm.workerPort);
    await worker.closed;
    const { fingerprint } = await farm.get('/api/v1/workers/raw', workerSchema);
    const body = { reason: 'a test', fingerprint, trust: 'normal' };
    await farm.post('/api/v1/workers/raw/accept', body);
    await farm.stop();
    {
      await using store = await openTestStore(join(farm.dir, 'farm', 'weir.sqlite'));
      const at = Date.now();
      const quarantine = { at, until: at + 3_600_000, reason: 'no git' };
      const { id = 0 } = (await workerByName(store.read, 'raw')) ?? {};
      await store.unit((db) => setQuarantine(db, id, quarantine));
    }

    await farm.start();
    await worker.connect(farm.workerPort);
    worker.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
    await farm.events.until('worker.online', { subject: 'worker/raw' });
    const { waits } = await farm.get('/api/v1/requests/1', requestSchema);
    const before = farm.events.all.filter(({ kind }) => kind === 'build.started');
    await farm.post('/api/v1/workers/raw/release', { reason: 'git is back' });
    await worker.next('offer');
    worker.drop();

    assert.deepEqual(before, []);
    assert.equal(waits?.reason, 'quarantined');
    assert.match(waits.detail, /^raw is quarantined for 60 min more: no git/);
  });
});

/** A git that fails as long as there is a file `broken` beside it. */
async function writeGit(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, 'git');
  const lines = [
    '#!/bin/sh',
    `[ -e ${dir}/broken ] && { echo 'no git today' >&2; exit 1; }`,
    `PATH="\${PATH#*:}" exec git "$@"`,
  ];
  await writeFile(path, `${lines.join('\n')}\n`);
  await chmod(path, 0o755);
}
