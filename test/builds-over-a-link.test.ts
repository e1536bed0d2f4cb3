import assert from 'node:assert/strict';
import {
  buildSchema,
  closeCodes,
  encodeLogFrame,
  requestSchema,
  workerSchema,
} from '@weir/protocol';
import type { FarmMessage, JournalEntry } from '@weir/protocol';
import { after, afterEach, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

type Offer = Extract<FarmMessage, { t: 'offer' }>;

const started = (n: number): JournalEntry => ({ t: 'step-started', n, at: 0, step: 0 });

describe('a build over a link', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  const workers: RawWorker[] = [];

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    await farm.events.until('request.created', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });
  afterEach(() => {
    for (const worker of workers.splice(0)) worker.drop();
  });

  /** A worker that has been offered a build, and has not answered. */
  async function offered(name: string): Promise<{ worker: RawWorker; offer: Offer }> {
    const worker = new RawWorker(name);
    workers.push(worker);
    await worker.prove(farm.workerPort);
    await worker.closed;
    const { fingerprint } = await farm.get(`/api/v1/workers/${name}`, workerSchema);
    await farm.post(`/api/v1/workers/${name}/accept`, { reason: 'test', fingerprint, labels: [] });
    await farm.post('/api/v1/requests', { builder: runtimeBuilder, reason: 'something to do' });
    await worker.connect(farm.workerPort);
    worker.send({ t: 'ready', slots: 1, paused: null, diskFull: false });
    return { worker, offer: await worker.next('offer') };
  }

  async function running(name: string): Promise<{ worker: RawWorker; offer: Offer }> {
    const { worker, offer } = await offered(name);
    worker.send({ t: 'accept', build: offer.spec.build, epoch: offer.epoch });
    await worker.next('start');
    return { worker, offer };
  }

  function sendLog(
    worker: RawWorker,
    place: { build: number; epoch: number; sequence: number },
    text: string,
  ): void {
    const bytes = Buffer.from(text);
    worker.sendRaw(encodeLogFrame({ ...place, step: 0, offset: 0, afterCut: false, bytes }));
  }

  /** What the master complained of about this worker, once it has. */
  async function complaints(name: string): Promise<number> {
    const line = `worker ${name}: `;
    await farm.logged(line);
    return farm.log.split(line).length - 1;
  }

  it('whose journal has a gap ends the link, and that is logged', async () => {
    const { worker, offer } = await running('gap');
    const { build } = offer.spec;

    worker.send({ t: 'journal', build, epoch: offer.epoch, entries: [started(3)] });

    const { code, reason } = await worker.closed;
    assert.deepEqual([code, reason], [closeCodes.badFrame, 'journal entry 3 came, 1 was next']);
    assert.equal(await complaints('gap'), 1, farm.log);
  });

  it('whose log frames have a gap ends the link, and that is logged', async () => {
    const { worker, offer } = await running('log-gap');

    const { epoch, spec } = offer;
    sendLog(worker, { build: spec.build, epoch, sequence: 4 }, 'printed');

    const { code, reason } = await worker.closed;
    assert.deepEqual([code, reason], [closeCodes.badFrame, 'log frame 4 came, 0 was next']);
    assert.equal(await complaints('log-gap'), 1, farm.log);
  });

  it('that is not its own ends the link, and that is logged', async () => {
    const { worker, offer } = await running('curious');
    const { build, epoch } = { build: offer.spec.build + 1_000, epoch: 1 };

    worker.send({ t: 'journal', build, epoch, entries: [started(1)] });

    assert.equal((await worker.closed).code, closeCodes.notYours);
    assert.equal(await complaints('curious'), 1, farm.log);
  });

  it('takes no log bytes before the session', async () => {
    const { worker, offer } = await running('early');
    const { build } = offer.spec;
    await worker.prove(farm.workerPort);
    await worker.next('proof');

    sendLog(worker, { build, epoch: offer.epoch, sequence: 0 }, 'printed');

    const { code, reason } = await worker.closed;
    assert.deepEqual([code, reason], [closeCodes.badFrame, 'frame before the session began']);
  });

  it('ignores log bytes of an old epoch', async () => {
    const { worker, offer } = await running('late');
    const { build } = offer.spec;
    const { builds } = await worker.connect(farm.workerPort, {
      hello: { builds: [{ build, epoch: offer.epoch, entries: 0 }] },
    });
    const epoch = builds[0]?.epoch ?? 0;

    sendLog(worker, { build, epoch: offer.epoch, sequence: 0 }, 'stale\n');
    sendLog(worker, { build, epoch, sequence: 0 }, 'fresh\n');

    const ack = await worker.next('ack');
    assert.deepEqual([ack.epoch, ack.log], [epoch, { step: 0, offset: 6 }]);
    const { steps } = await farm.get(`/api/v1/builds/${build}`, buildSchema);
    const log = await fetch(new URL(`/api/v1/logs/${steps[0]?.log?.id}`, farm.url));
    assert.equal(await log.text(), 'fresh\n');
  });

  it('that the worker does not answer goes back to the queue', async () => {
    const { worker, offer } = await offered('mute');

    const { data } = await farm.events.until('build.lost', {
      subject: `build/${offer.spec.build}`,
    });

    assert.equal(data['retried'], true);
    assert.equal((await worker.next('abort')).build, offer.spec.build);
    const { request: id } = await farm.get(`/api/v1/builds/${offer.spec.build}`, buildSchema);
    const request = await farm.get(`/api/v1/requests/${id}`, requestSchema);
    assert.equal(request.state, 'waiting');
  });
});
