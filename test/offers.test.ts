import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { offerMs, requestSchema, workerSchema } from '@weir/protocol';
import type { FarmMessage } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

type Offer = Extract<FarmMessage, { t: 'offer' }>;

const ready = { t: 'ready', slots: 1, paused: null, diskFull: false } as const;

describe('an offer', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: RawWorker;

  beforeEach(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    worker = new RawWorker('raw');
    await farm.events.until('request.created', { data: { builder: appBuilder } });
  });
  afterEach(async () => {
    worker.drop();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  async function accept(): Promise<void> {
    await worker.prove(farm.workerPort);
    await worker.closed;
    const { fingerprint } = await farm.get('/api/v1/workers/raw', workerSchema);
    await farm.post('/api/v1/workers/raw/accept', { reason: 'test', fingerprint, trust: 'normal' });
  }

  async function offered(): Promise<Offer> {
    await accept();
    await worker.connect(farm.workerPort);
    worker.send(ready);
    return worker.next('offer');
  }

  it('of a build that is cancelled before the answer is cancelled after it', async () => {
    const { spec, epoch } = await offered();
    const { build } = spec;

    await farm.post(`/api/v1/builds/${build}/cancel`, { reason: 'a mistake' });
    await worker.next('cancel');
    worker.send({ t: 'accept', build, epoch });

    await worker.next('start');
    assert.equal((await worker.next('cancel')).reason, 'a mistake');
  });

  it('that is answered while the master is frozen is not taken back', async () => {
    const { spec, epoch } = await offered();
    const { build } = spec;

    farm.signal('SIGSTOP');
    worker.send({ t: 'accept', build, epoch });
    // Longer than an answer may take, and by no clock of ours.
    await sleep(offerMs + 1_000);
    farm.signal('SIGCONT');

    assert.equal((await worker.next('start')).build, build);
  });

  it('that is declined after its build was cancelled is made to nobody else', async () => {
    const { spec, epoch } = await offered();
    const { build } = spec;

    await farm.post(`/api/v1/builds/${build}/cancel`, { reason: 'a mistake' });
    worker.send({ t: 'decline', build, epoch, cause: 'busy', reason: 'all its slots are taken' });

    await farm.events.until('build.cancelled', { subject: `build/${build}` });
  });

  it('that is declined after its builder left the farm file ends with its request', async () => {
    const { spec, epoch } = await offered();
    const { build } = spec;
    const before = await readFile(farm.farmPath, 'utf8');
    const applied = farm.events.until('farm.applied', { after: farm.events.last });
    await writeFile(farm.farmPath, before.replaceAll('here', 'there'));
    farm.signal('SIGHUP');
    await applied;
    await farm.logged('version 2 of the farm file is in force');

    worker.send({ t: 'decline', build, epoch, cause: 'busy', reason: 'all its slots are taken' });

    const declined = await farm.events.until('request.declined', {
      data: { builder: runtimeBuilder },
    });
    const { subject } = declined;
    await farm.events.until('request.cancelled', { subject });
    const request = await farm.get(
      `/api/v1/requests/${subject.replace('request/', '')}`,
      requestSchema,
    );
    assert.equal(request.state, 'cancelled');
  });

  it('that an agent answers too late takes none of its slots', async function () {
    this.timeout(90_000);
    const real = await farm.addWorker({ name: 'real', isInvited: false });
    const fingerprint = await real.asked;
    await farm.events.until('worker.asked', { subject: 'worker/real' });
    await farm.post('/api/v1/builders/lang%2Fmain%2Fhere/pause', { reason: 'wait' });
    await farm.post('/api/v1/workers/real/accept', {
      reason: 'test',
      fingerprint,
      trust: 'normal',
    });
    // It says so after it has said that it is ready.
    await real.said('connected to');
    real.signal('SIGSTOP');

    await farm.post('/api/v1/builders/lang%2Fmain%2Fhere/resume', { reason: 'go' });
    const { number } = await farm.events.until('build.lost');
    real.signal('SIGCONT');

    await farm.events.until('build.finished', { after: number });
  });
});

describe('links of one worker', () => {
  it('that come one upon the other leave its build to the last', async () => {
    await using repositories = await createSmallFarm();
    await using farm = await FarmProcess.start({
      farm: repositories.farm(),
      remotes: repositories.remotes,
    });
    const worker = new RawWorker('hasty');
    await farm.events.until('request.created', { data: { builder: appBuilder } });
    await worker.prove(farm.workerPort);
    await worker.closed;
    const { fingerprint } = await farm.get('/api/v1/workers/hasty', workerSchema);
    await farm.post('/api/v1/workers/hasty/accept', {
      reason: 'test',
      fingerprint,
      trust: 'normal',
    });
    await worker.connect(farm.workerPort);
    worker.send(ready);
    const { spec, epoch } = await worker.next('offer');
    const { build } = spec;
    worker.send({ t: 'accept', build, epoch });
    await worker.next('start');
    const links = Array.from({ length: 4 }, () => worker.twin());
    for (const link of links) {
      await link.prove(farm.workerPort);
      await link.next('proof');
    }

    for (const link of links) link.hello({ builds: [{ build, epoch, entries: 0 }] });

    const welcome = await links.at(-1)?.next('welcome');
    assert.deepEqual(
      welcome?.builds.map(({ action }) => action),
      ['continue'],
    );
    assert.equal((await farm.get('/api/v1/workers/hasty', workerSchema)).online, true);
    for (const link of links) link.drop();
    await farm.events.until('worker.offline', { after: 0 });
  });
});
