import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  buildSchema,
  closeCodes,
  encodeLogFrame,
  maxFrameBytes,
  workerSchema,
} from '@weir/protocol';
import type { JournalEntry } from '@weir/protocol';
import { after, afterEach, before, describe, it } from 'mocha';
import WebSocket from 'ws';
import type { Offer } from './support/busy-worker.ts';
import { joinFarm, takeBuild } from './support/busy-worker.ts';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

/** A build that ends before its first step. */
const failed: JournalEntry = {
  t: 'build-finished',
  n: 1,
  at: 0,
  result: 'failure',
  findings: [],
  text: '',
  environment: {},
};

describe('the link of a worker', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  const workers: RawWorker[] = [];

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm(),
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

  function newWorker(name: string): RawWorker {
    const worker = new RawWorker(name);
    workers.push(worker);
    return worker;
  }

  async function acceptedWorker(name: string): Promise<RawWorker> {
    const worker = newWorker(name);
    await joinFarm(farm, worker);
    return worker;
  }

  async function busyWorker(name: string): Promise<{ worker: RawWorker; offer: Offer }> {
    const worker = newWorker(name);
    return { worker, offer: await takeBuild(farm, worker) };
  }

  it('of a stranger is closed, and the stranger waits to be accepted', async () => {
    const worker = newWorker('stranger');

    await worker.prove(farm.workerPort);

    assert.equal((await worker.closed).code, closeCodes.pending);
    const row = await farm.get('/api/v1/workers/stranger', workerSchema);
    assert.equal(row.state, 'pending');
  });

  it('of a rejected worker is closed for good', async () => {
    const worker = newWorker('unwanted');
    await worker.prove(farm.workerPort);
    await worker.closed;
    await farm.post('/api/v1/workers/unwanted/reject', { reason: 'nobody knows it' });

    await worker.prove(farm.workerPort);

    assert.equal((await worker.closed).code, closeCodes.denied);
  });

  it('of another key under a known name is denied, and changes nothing', async () => {
    await acceptedWorker('mine');
    const known = await farm.get('/api/v1/workers/mine', workerSchema);
    const thief = newWorker('mine');

    await thief.prove(farm.workerPort);

    assert.equal((await thief.closed).code, closeCodes.denied);
    assert.deepEqual(await farm.get('/api/v1/workers/mine', workerSchema), known);
  });

  it('is closed at once when its key is revoked, and its build is lost', async () => {
    const { worker, offer } = await busyWorker('revoked');

    await farm.post('/api/v1/workers/revoked/revoke', { reason: 'stolen' });

    assert.equal((await worker.closed).code, closeCodes.revoked);
    await farm.events.until('build.lost', { subject: `build/${offer.spec.build}` });
    await worker.prove(farm.workerPort);
    assert.equal((await worker.closed).code, closeCodes.revoked);
  });

  it('needs a signature by the key that is shown', async () => {
    const worker = newWorker('liar');

    await worker.prove(farm.workerPort, { key: new RawWorker('other').publicKey });

    assert.equal((await worker.closed).code, closeCodes.unproven);
  });

  it('needs a version that both know', async () => {
    const worker = newWorker('newer');

    await worker.prove(farm.workerPort, { versions: { min: 7, max: 9 } });

    assert.equal((await worker.closed).code, closeCodes.wrongVersion);
    assert.match((await worker.closed).reason, /is too new for this farm/);
  });

  it('of an agent that is too old says how to get a new one, as does its page', async () => {
    const worker = await acceptedWorker('aged');
    await worker.prove(farm.workerPort, { versions: { min: 0, max: 0 }, agent: '0.0.1' });

    const { code, reason } = await worker.closed;
    assert.equal(code, closeCodes.wrongVersion);
    assert.equal(
      reason,
      `agent 0.0.1 is too old for this farm: curl -O ${farm.url}/weir-worker.mjs, and run that`,
    );
    const { refused } = await farm.get('/api/v1/workers/aged', workerSchema);
    assert.equal(refused?.text, reason);
  });

  const badFrames: readonly (readonly [string, string | Uint8Array])[] = [
    ['no JSON', 'hello?'],
    ['no type', JSON.stringify({ slots: 1 })],
    ['a field of a wrong type', JSON.stringify({ t: 'ready', slots: 'many' })],
    ['half a proof', JSON.stringify({ t: 'prove' })],
    ['an empty binary frame', new Uint8Array(3)],
  ];
  for (const [index, [name, data]] of badFrames.entries()) {
    it(`is closed after ${name}, and that is logged once`, async () => {
      const worker = await acceptedWorker(`bad-${index}`);
      for (let times = 0; times < 2; times++) {
        await worker.connect(farm.workerPort);
        worker.sendRaw(data);
        assert.equal((await worker.closed).code, closeCodes.badFrame);
      }

      const said = farm.log.split('\n').filter((line) => line.includes(`worker bad-${index}: `));
      assert.equal(said.length, 1, said.join('\n'));
    });
  }

  it('that is closed for bad frames harms no build of another worker', async () => {
    const { worker: bystander, offer } = await busyWorker('bystander');
    const vandal = await acceptedWorker('vandal');

    for (const data of [...badFrames.map(([, bytes]) => bytes), 'x'.repeat(maxFrameBytes + 1)]) {
      await vandal.connect(farm.workerPort);
      vandal.sendRaw(data);
      await vandal.closed;
    }

    const { build } = offer.spec;
    const entries: JournalEntry[] = [{ t: 'step-started', n: 1, at: 0, step: 0 }];
    bystander.send({ t: 'journal', build, epoch: offer.epoch, entries });
    assert.equal((await bystander.next('ack')).entries, 1);
  });

  it('takes no frame over 1 MiB', async () => {
    const worker = await acceptedWorker('loud');
    await worker.connect(farm.workerPort);

    worker.sendRaw('x'.repeat(maxFrameBytes + 1));

    assert.equal((await worker.closed).code, 1009);
  });

  it('takes no hello before the proof', async () => {
    const worker = newWorker('hasty');
    worker.open(farm.workerPort);
    await worker.next('challenge');

    worker.hello();

    assert.equal((await worker.closed).code, closeCodes.badFrame);
  });

  it('is refused to a page in a browser, and to who speaks something else', async () => {
    const worker = newWorker('page');
    worker.open(farm.workerPort, { origin: 'https://evil.example' });
    assert.match((await worker.closed).reason, /403/);

    const socket = new WebSocket(`ws://127.0.0.1:${farm.workerPort}/worker`);
    const refused = await new Promise<Error>((resolve) => socket.once('error', resolve));
    assert.match(refused.message, /400/);
  });

  it('lets nobody write to the build of another one', async () => {
    const { worker: owner, offer } = await busyWorker('owner');
    const { build } = offer.spec;
    const thief = await acceptedWorker('thief');
    await thief.connect(farm.workerPort);

    thief.send({
      t: 'journal',
      build,
      epoch: 1,
      entries: [{ t: 'step-started', n: 1, at: 0, step: 0 }],
    });

    assert.equal((await thief.closed).code, closeCodes.notYours);
    await thief.connect(farm.workerPort);
    const bytes = Buffer.from('forged\n');
    const frame = { build, epoch: 1, step: 0, sequence: 0, offset: 0, afterCut: false, bytes };
    thief.sendRaw(encodeLogFrame(frame));
    assert.equal((await thief.closed).code, closeCodes.notYours);
    // The owner's build goes on unharmed.
    owner.send({
      t: 'journal',
      build,
      epoch: 1,
      entries: [{ t: 'step-started', n: 1, at: 0, step: 0 }],
    });
    assert.equal((await owner.next('ack')).entries, 1);
  });

  it('of the same agent replaces the old one, which can write no more', async () => {
    const { worker: old, offer } = await busyWorker('twice');
    const { build } = offer.spec;
    const entries = [{ t: 'step-started', n: 1, at: 0, step: 0 } as const];

    const { closed } = old;
    const welcome = await old.connect(farm.workerPort, {
      hello: { builds: [{ build, epoch: offer.epoch, entries: 0 }] },
    });

    assert.equal((await closed).code, closeCodes.replaced);
    assert.deepEqual(
      welcome.builds.map(({ action, epoch }) => [action, epoch]),
      [['continue', offer.epoch + 1]],
    );
    // What the old link still had to say: were it heard, the build would have ended.
    old.send({ t: 'journal', build, epoch: offer.epoch, entries: [failed] });
    old.send({ t: 'journal', build, epoch: offer.epoch + 1, entries });
    const ack = await old.next('ack');
    assert.deepEqual([ack.epoch, ack.entries], [offer.epoch + 1, 1]);
    const { state } = await farm.get(`/api/v1/builds/${build}`, buildSchema);
    assert.equal(state, 'running');
  });

  it('takes a build back at once when its worker gives it up', async () => {
    const { worker, offer } = await busyWorker('tired');
    const { build } = offer.spec;

    worker.send({ t: 'lost', build, epoch: offer.epoch, reason: 'no more power' });

    const lost = await farm.events.until('build.lost', { subject: `build/${build}` });
    assert.deepEqual(
      [lost.data['text'], lost.data['retried']],
      ['worker tired gave it up: no more power', true],
    );
  });

  it('keeps the end of a build that its worker gives up after that', async () => {
    const { worker, offer } = await busyWorker('forgetful');
    const { build } = offer.spec;

    worker.send({ t: 'journal', build, epoch: offer.epoch, entries: [failed] });
    worker.send({ t: 'lost', build, epoch: offer.epoch, reason: 'no more power' });
    await worker.next('confirmed');

    const { result } = await farm.get(`/api/v1/builds/${build}`, buildSchema);
    assert.equal(result, 'failure');
  });

  it('loses a build whose log lacks bytes for ever, however often it is told to be whole', async () => {
    const { worker, offer } = await busyWorker('liar');
    const { build } = offer.spec;
    const end = { t: 'log-finished', n: 2, at: 0, step: 0, bytes: 9, ranges: [[0, 9]] } as const;
    const entries: JournalEntry[] = [
      { t: 'step-started', n: 1, at: 0, step: 0 },
      { ...end, ranges: [[0, 9]], sha256: '0'.repeat(64) },
    ];
    const lost = farm.events.until('build.lost', { subject: `build/${build}` });
    let isOver = false;
    void lost.then(() => (isOver = true));

    while (!isOver) {
      worker.send({ t: 'journal', build, epoch: offer.epoch, entries });
      await Promise.race([worker.next('rewind'), lost]);
    }

    assert.match(String((await lost).data['text']), /the log of step 0 lacks what follows byte 0/);
  });

  it('whose upgrade is refused may be reset, and the farm goes on', async () => {
    const socket = connect(farm.workerPort, '127.0.0.1');
    socket.write('GET /x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket, 'data');
    socket.resetAndDestroy();

    // Heard after the reset.
    const worker = await acceptedWorker('after-it');
    await worker.connect(farm.workerPort);
  });

  it('of another agent with the same key is refused while the first answers', async () => {
    const worker = await acceptedWorker('doubled');
    await worker.connect(farm.workerPort, { hello: { boot: 'boot-1' } });

    await worker.prove(farm.workerPort);
    await worker.next('proof');
    worker.hello({ boot: 'boot-2' });

    assert.equal((await worker.closed).code, closeCodes.duplicate);
    await farm.logged('worker doubled: a worker with the key of doubled is connected already');
    const row = await farm.get('/api/v1/workers/doubled', workerSchema);
    assert.notEqual(row.duplicateAt, null);
    assert.equal(row.online, true);
  });

  it('counts those who ask by the address that a proxy says, if that is on this machine', async () => {
    const ask = async (count: number, address: string) => {
      const worker = newWorker(`behind-proxy-${count}`);
      await worker.prove(farm.workerPort, {}, { 'x-forwarded-for': `203.0.113.9, ${address}` });
      return worker.closed;
    };
    for (let count = 0; count < 10; count += 1) {
      assert.match((await ask(count, '192.0.2.7')).reason, /^waits for an admin/);
    }

    assert.match((await ask(10, '192.0.2.7')).reason, /^10 workers from 192\.0\.2\.7 wait/);
    assert.match((await ask(11, '192.0.2.8')).reason, /^waits for an admin/);
  });
});
