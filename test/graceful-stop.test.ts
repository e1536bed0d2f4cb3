import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { findProcesses } from '../packages/worker/test/runner/processes.ts';
import { GatedFarm } from './support/gated-farm.ts';
import { appBuilder } from './support/small-farm.ts';
import type { WorkerProcess } from './support/worker-process.ts';

describe('a farm that is told to stop', () => {
  let gated: GatedFarm;
  let worker: WorkerProcess;

  before(async () => {
    gated = await GatedFarm.start();
    worker = await gated.farm.addWorker({ name: 'w1' });
    await gated.farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(() => gated?.[Symbol.asyncDispose]());

  it('sends its workers away for a moment, ends, and has its builds back when it returns', async () => {
    const { farm } = gated;
    const { build, request } = await gated.begin();
    const stoppedAt = performance.now();

    farm.signal('SIGTERM');
    await worker.said('the farm restarts');
    assert.equal(await farm.exited(), 0);

    assert.ok(performance.now() - stoppedAt < 5_000);
    assert.doesNotMatch(farm.log, /store is closed/);
    await farm.start();
    const attached = await farm.events.until('build.attached', { subject: `build/${build}` });
    assert.equal(attached.data['detached'], false);
    const ended = await gated.end(request);
    assert.deepEqual([ended.id, ended.result], [build, 'success']);
    assert.equal(await gated.logOf(ended), 'begun\nover\n');
  });

  it('ends at once when it is told again', async () => {
    const { farm } = gated;
    const { hostname, port } = new URL(farm.url);
    // The web thread gives a request that is under way two seconds.
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.1\r\nHost: he');
    await fetch(new URL('/healthz', farm.url));
    farm.log = '';

    farm.signal('SIGTERM');
    await farm.logged('stopping: SIGTERM');
    farm.signal('SIGTERM');

    assert.equal(await farm.exited(), 1);
    socket.destroy();
    await farm.start();
  });
});

describe('a worker that is told to stop', () => {
  let gated: GatedFarm;
  let worker: WorkerProcess;
  /** The event that the farm had it, the last time. */
  let onlineAt = 0;

  before(async () => {
    gated = await GatedFarm.start();
    worker = await gated.farm.addWorker({ name: 'w1' });
    await online();
    await gated.farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(() => gated?.[Symbol.asyncDispose]());

  it('finishes its builds first', async () => {
    const { build, request } = await gated.begin();

    worker.signal('SIGTERM');
    await worker.said('finishing what runs');
    const ended = await gated.end(request);

    assert.deepEqual([ended.id, ended.result], [build, 'success']);
    assert.equal(await worker.exited(), 0);
    await restart();
  });

  it('gives its builds back when it is told again', async () => {
    const { farm } = gated;
    const { build, request } = await gated.begin();
    const slot = join(worker.dataDir, 'slots', '0');
    assert.equal(findProcesses(slot).length, 1);

    worker.signal('SIGTERM');
    await worker.said('finishing what runs');
    worker.signal('SIGTERM');

    const lost = await farm.events.until('build.lost', { subject: `build/${build}` });
    assert.equal(lost.data['text'], 'worker w1 gave it up: its agent was ended');
    assert.equal(await worker.exited(), 0);
    // Nobody tells when the runner, which is no child of ours, has ended its build and itself.
    while (findProcesses(slot).length > 0) await sleep(10);
    await restart();
    assert.notEqual(await gated.begun(request, lost.number), build);
    assert.equal((await gated.end(request)).result, 'success');
  });

  it('gives its builds back when they take longer than it may wait', async () => {
    const { farm } = gated;
    worker.signal('SIGTERM');
    await worker.exited();
    await restart('--stop-within', '1');
    const { build, request } = await gated.begin();

    worker.signal('SIGTERM');

    const lost = await farm.events.until('build.lost', { subject: `build/${build}` });
    assert.equal(await worker.exited(), 0);
    await restart();
    await gated.begun(request, lost.number);
    assert.equal((await gated.end(request)).result, 'success');
  });

  it('goes by how long it may wait already when it joins', async () => {
    await using own = await GatedFarm.start();
    const joined = await own.farm.addWorker({ name: 'w1', args: ['--stop-within', '1'] });
    await own.farm.events.until('build.finished', { data: { builder: appBuilder } });
    const { build } = await own.begin();

    joined.signal('SIGTERM');

    await own.farm.events.until('build.lost', { subject: `build/${build}` });
    assert.equal(await joined.exited(), 0);
  });

  it('leaves its builds to the next agent when it is only to make room for that', async () => {
    const { build, request } = await gated.begin();

    worker.signal('SIGHUP');
    assert.equal(await worker.exited(), 75);
    await restart();

    const ended = await gated.end(request);
    assert.deepEqual([ended.id, ended.result, ended.attempt], [build, 'success', 1]);
    assert.equal(await gated.logOf(ended), 'begun\nover\n');
  });

  it('keeps a build that has ended and that the farm does not have yet', async () => {
    const { farm } = gated;
    const { build, request } = await gated.begin();
    await farm.kill();
    await gated.open();
    await worker.finished(build);

    worker.signal('SIGTERM');
    await worker.said('finishing what runs');
    worker.signal('SIGTERM');
    await worker.exited();
    await farm.start();
    await restart();

    const ended = await gated.end(request);
    assert.deepEqual([ended.id, ended.result, ended.attempt], [build, 'success', 1]);
  });

  /** Resolves when the farm has the worker once more than the last time. */
  async function online(): Promise<void> {
    ({ number: onlineAt } = await gated.farm.events.until('worker.online', { after: onlineAt }));
  }

  /** Runs the agent again; resolves when the farm has it. */
  async function restart(...args: string[]): Promise<void> {
    worker.restart(...args);
    await online();
  }
});
