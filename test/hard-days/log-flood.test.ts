import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildSchema, closeCodes, encodeLogFrame, workerSchema } from '@weir/protocol';
import type { JournalEntry } from '@weir/protocol';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Offer } from '../support/busy-worker.ts';
import { takeBuild } from '../support/busy-worker.ts';
import { FarmProcess } from '../support/farm-process.ts';
import { RawWorker } from '../support/raw-worker.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

const mib = 1024 * 1024;
const logCap = 2 * mib;
/** A step prints so much, as fast as it can. */
const printed = 300 * mib;

describe('a flood of logs', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  const workers: RawWorker[] = [];

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({
        steps: [`- test: yes "from an endless loop" | head -c ${printed}`],
        extra: `limits: { log: 2MiB }\n`,
      }),
      remotes: repositories.remotes,
    });
    await farm.events.until('request.created', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });
  afterEach(() => {
    for (const worker of workers.splice(0)) worker.drop();
  });

  /** Of the master, in bytes. */
  function memory(): number {
    const status = readFileSync(`/proc/${farm.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  /** Loads the page again and again until the promise settles; the time of the slowest, in ms. */
  async function slowestPage(until: Promise<unknown>): Promise<number> {
    let isOver = false;
    void until.finally(() => (isOver = true));
    let slowest = 0;
    while (!isOver) {
      const startedAt = performance.now();
      assert.equal((await fetch(farm.url)).status, 200);
      slowest = Math.max(slowest, performance.now() - startedAt);
    }
    return slowest;
  }

  function newWorker(name: string): RawWorker {
    const worker = new RawWorker(name);
    workers.push(worker);
    return worker;
  }

  async function busyWorker(name: string): Promise<{ worker: RawWorker; offer: Offer }> {
    const worker = newWorker(name);
    return { worker, offer: await takeBuild(farm, worker) };
  }

  it('of a worker that heeds nothing takes neither memory nor time from others', async () => {
    const { worker, offer } = await busyWorker('flood');
    const bystander = await busyWorker('bystander');
    const before = memory();

    const flooded = (async () => {
      const bytes = randomBytes(64 * 1024);
      let closed = false;
      void worker.closed.then(() => (closed = true));
      for (let sequence = 0; !closed && sequence * bytes.length < printed; sequence++) {
        const at = { build: offer.spec.build, epoch: offer.epoch, step: 0, sequence };
        const frame = { ...at, offset: sequence * bytes.length, afterCut: false, bytes };
        worker.sendRaw(encodeLogFrame(frame));
        // Never for an acknowledgement: only for its own socket.
        if (sequence % 64 === 0) await worker.flushed();
      }
    })();
    const slowest = await slowestPage(flooded);

    const { build } = bystander.offer.spec;
    const entries: JournalEntry[] = [{ t: 'step-started', n: 1, at: 0, step: 0 }];
    bystander.worker.send({ t: 'journal', build, epoch: bystander.offer.epoch, entries });
    assert.equal((await bystander.worker.next('ack')).entries, 1);
    const grown = memory() - before;
    console.log(
      `      slowest page ${Math.round(slowest)} ms, memory +${Math.round(grown / mib)} MiB`,
    );
    assert.ok(grown < 200 * mib, `${grown} bytes`);
    const { steps } = await farm.get(`/api/v1/builds/${offer.spec.build}`, buildSchema);
    assert.ok((steps[0]?.log?.bytes ?? 0) <= logCap + 2 * mib, 'the farm keeps the cap by itself');
  });

  it('of a step that never stops printing is cut to the cap, and the farm stays quick', async () => {
    for (const worker of workers.splice(0)) worker.drop();
    const before = memory();
    await farm.addWorker({ name: 'w1' });
    const started = await farm.events.until('build.started', { data: { builder: appBuilder } });

    const finished = farm.events.until('build.finished', { subject: started.subject });
    const slowest = await slowestPage(finished);

    const build = await farm.get(`/api/v1/builds/${started.subject.slice(6)}`, buildSchema);
    assert.deepEqual([build.result, build.findings], ['warnings', ['log-cap']]);
    const log = await fetch(new URL(`/api/v1/logs/${build.steps[0]?.log?.id}`, farm.url));
    assert.equal((await log.arrayBuffer()).byteLength, logCap);
    const grown = memory() - before;
    console.log(
      `      slowest page ${Math.round(slowest)} ms, memory +${Math.round(grown / mib)} MiB`,
    );
    assert.ok(grown < 200 * mib, `${grown} bytes`);
  });

  it('of journal entries ends the build, which infrastructure took then', async () => {
    const { worker, offer } = await busyWorker('writer');
    const { build, steps } = offer.spec;
    const entries = Array.from({ length: 1_000 }, (_, index): JournalEntry => ({
      t: 'step-started',
      n: index + 1,
      at: 0,
      step: 0,
    }));

    worker.send({ t: 'journal', build, epoch: offer.epoch, entries });

    assert.equal((await worker.next('abort')).reason, 'its journal has no end');
    await farm.events.until('build.lost', { subject: `build/${build}` });
    assert.equal(steps.length, 1);
  });
});

describe('a worker that sends what no agent sends', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it('is cut off and shown as such, and kept away when it does so again and again', async () => {
    const worker = new RawWorker('vandal');
    await worker.prove(farm.workerPort);
    await worker.closed;
    const { fingerprint } = await farm.get('/api/v1/workers/vandal', workerSchema);
    await farm.post('/api/v1/workers/vandal/accept', { reason: 'test', fingerprint, labels: [] });

    const offend = async (): Promise<void> => {
      await worker.connect(farm.workerPort);
      worker.sendRaw('hello?');
      assert.equal((await worker.closed).code, closeCodes.badFrame);
    };
    for (let times = 1; times <= 9; times++) await offend();

    const { refused } = await farm.get('/api/v1/workers/vandal', workerSchema);
    assert.equal(refused?.text, 'frame is no JSON');
    const page = await (await fetch(new URL('/workers/vandal', farm.url))).text();
    assert.match(page, /Its link was refused .*: frame is no JSON/s);
    await assert.rejects(worker.connect(farm.workerPort), /kept away for 10 s more/);
  });
});
