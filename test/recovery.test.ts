import assert from 'node:assert/strict';
import { buildSchema, requestSchema, workerSchema } from '@weir/protocol';
import type { ApiEvent } from '@weir/protocol';
import { after, before, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';
import type { WorkerProcess } from './support/worker-process.ts';

const list = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item) });
const buildOf = (event: ApiEvent): number => Number(event.subject.slice('build/'.length));

describe('a farm whose processes are killed', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: WorkerProcess;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await startFarm(repositories);
    worker = await farm.addWorker({ name: 'w1', slots: 2 });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  /** The newest build of the project, once its step has begun. */
  let running: ApiEvent;
  beforeEach(async () => {
    const lost = farm.events.all.findLast(({ kind }) => kind === 'build.lost')?.number ?? 0;
    const wanted = { after: lost, data: { builder: appBuilder } };
    running = await farm.events.until('build.started', wanted);
    await farm.events.until('step.started', { after: lost, subject: running.subject });
  });

  it('runs the builds of a killed agent again, and the worker ends them', async () => {
    const { last } = farm.events;

    await worker.kill();
    worker.restart();

    const lost = await farm.events.until('build.lost', { after: last });
    assert.equal(lost.subject, running.subject);
    assert.equal(lost.data['retried'], true);
    const again = await farm.events.until('build.started', { after: lost.number });
    assert.equal(again.data['builder'], appBuilder);
    const build = await farm.get(`/api/v1/builds/${buildOf(again)}`, buildSchema);
    assert.equal(build.attempt, 2);
  });

  it('keeps history, requests and acceptances when the master is killed', async () => {
    const forced = await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'to wait' });
    const second = requestSchema.parse(forced).id;
    await farm.events.until('build.started', { data: { request: second } });
    const third = requestSchema.parse(
      await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'to wait longer' }),
    ).id;
    const pause = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;
    await farm.post(`${pause}/pause`, { reason: 'to look at what waits' });
    await farm.events.until('builder.paused');
    const known = [...farm.events.all];

    await farm.kill();
    await farm.start();

    const lost = await farm.events.until('build.lost', { subject: running.subject });
    assert.ok(lost.number > (known.at(-1)?.number ?? 0));
    assert.deepEqual(farm.events.all.slice(0, known.length), known);
    const waiting = await farm.get(`/api/v1/requests/${third}`, requestSchema);
    assert.equal(waiting.state, 'waiting');
    const workers = await farm.get('/api/v1/workers', list(workerSchema));
    assert.deepEqual(
      workers.items.map(({ name, state }) => [name, state]),
      [['w1', 'accepted']],
    );
    await farm.post(`${pause}/resume`, { reason: 'seen' });
    const again = await farm.events.until('build.started', { after: lost.number });
    assert.equal(again.data['builder'], appBuilder);
  });

  it('gives builds up at once when the master starts, though their worker is gone too', async () => {
    await worker.kill();
    await farm.kill();

    await farm.start();

    const lost = await farm.events.until('build.lost', { subject: running.subject });
    assert.equal(lost.data['text'], 'the master stopped while it ran');
    worker.restart();
  });
});

describe('a request whose builds are lost', () => {
  it('is given up after three of them', async () => {
    await using repositories = await createSmallFarm();
    await using farm = await startFarm(repositories);
    const worker = await farm.addWorker({ name: 'w1' });
    const { data } = await farm.events.until('build.started', { data: { builder: appBuilder } });
    const { request } = data;

    for (let isRetried = true; isRetried;) {
      const { last } = farm.events;
      await worker.kill();
      worker.restart();
      const lost = await farm.events.until('build.lost', { after: last, data: { request } });
      isRetried = lost.data['retried'] === true;
      if (!isRetried) break;
      await farm.events.until('build.started', { after: lost.number, data: { request } });
    }

    const given = await farm.get(`/api/v1/requests/${Number(request)}`, requestSchema);
    assert.deepEqual([given.state, given.result, given.attempts], ['done', 'lost', 3]);
  });
});

/** A farm whose project runs until it is ended. */
function startFarm(repositories: SmallFarm): Promise<FarmProcess> {
  const steps = ['- test: |', '    echo started', '    while true; do sleep 1; done'];
  return FarmProcess.start({
    farm: repositories.farm({ steps }),
    remotes: repositories.remotes,
  });
}
