import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, requestSchema, workerSchema } from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
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
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-gate-'));
    repositories = await createSmallFarm();
    farm = await startFarm(repositories, dir);
    worker = await farm.addWorker({ name: 'w1', slots: 2 });
    // The builds of the first commit are of no interest.
    await writeFile(join(dir, 'open'), '');
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  /** A build of the project, once its step has printed and waits at the gate. */
  let running: ApiEvent;
  let request: number;
  beforeEach(async () => {
    await rm(join(dir, 'open'), { force: true });
    const forced = await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'to kill' });
    request = requestSchema.parse(forced).id;
    running = await farm.events.until('build.started', { data: { request } });
    await farm.events.until('step.started', { subject: running.subject });
  });

  /** Lets the build end, and gives it as it is then. */
  async function ended(): Promise<ApiBuild> {
    await writeFile(join(dir, 'open'), '');
    await farm.events.until('build.finished', { data: { request } });
    return farm.get(`/api/v1/builds/${buildOf(running)}`, buildSchema);
  }

  async function logOf(build: ApiBuild): Promise<string> {
    const [step] = build.steps;
    return (await fetch(new URL(`/api/v1/logs/${step?.log?.id}`, farm.url))).text();
  }

  it('goes on with the builds of a killed agent when there is another', async () => {
    const { last } = farm.events;

    await worker.kill();
    worker.restart();

    await farm.events.until('build.attached', { after: last, subject: running.subject });
    const build = await ended();
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
    assert.equal(await logOf(build), `begun\nover\n`);
  });

  it('goes on with its builds when the master is killed, and keeps all that was known', async () => {
    const pause = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;
    await farm.post(`${pause}/pause`, { reason: 'to look at what waits' });
    await farm.events.until('builder.paused');
    const waits = requestSchema.parse(
      await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'to wait' }),
    ).id;
    await farm.events.until('request.created', { subject: `request/${waits}` });
    const known = [...farm.events.all];

    await farm.kill();
    await farm.start();

    await farm.events.until('build.attached', {
      after: known.at(-1)?.number ?? 0,
      subject: running.subject,
    });
    assert.deepEqual(farm.events.all.slice(0, known.length), known);
    const waiting = await farm.get(`/api/v1/requests/${waits}`, requestSchema);
    assert.equal(waiting.state, 'waiting');
    const workers = await farm.get('/api/v1/workers', list(workerSchema));
    assert.deepEqual(
      workers.items.map(({ name, state }) => [name, state]),
      [['w1', 'accepted']],
    );
    const build = await ended();
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
    assert.equal(await logOf(build), `begun\nover\n`);
    // What waited before goes on as well.
    await farm.post(`${pause}/resume`, { reason: 'seen' });
    await farm.events.until('build.finished', { data: { request: waits } });
  });

  it('goes on though master and agent are killed at once', async () => {
    await worker.kill();
    await farm.kill();

    await farm.start();
    worker.restart();

    await farm.events.until('build.attached', { subject: running.subject });
    const build = await ended();
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
  });

  it('loses the build of a killed runner, and runs it again', async () => {
    worker.killRunnerOf(buildOf(running));

    const lost = await farm.events.until('build.lost', { data: { request } });
    assert.equal(lost.data['text'], 'worker w1 came back without it');
    running = await farm.events.until('build.started', { after: lost.number, data: { request } });
    const build = await ended();
    assert.deepEqual([build.result, build.attempt], ['success', 2]);
  });

  it('keeps the build of a killed runner that had finished while the master was down', async () => {
    await farm.kill();
    await writeFile(join(dir, 'open'), '');
    await worker.finished(buildOf(running));

    worker.killRunnerOf(buildOf(running));
    await farm.start();

    await farm.events.until('build.finished', { data: { request } });
    const build = await farm.get(`/api/v1/builds/${buildOf(running)}`, buildSchema);
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
    assert.equal(await logOf(build), `begun\nover\n`);
  });

  it('loses a build whose files are gone, and runs it again', async () => {
    await farm.kill();
    worker.loseFilesOf(buildOf(running));
    await farm.start();

    const lost = await farm.events.until('build.lost', { data: { request } });
    assert.match(String(lost.data['text']), /its worker can't read what it did: .*ENOENT/);
    running = await farm.events.until('build.started', { after: lost.number, data: { request } });
    const build = await ended();
    assert.deepEqual([build.result, build.attempt], ['success', 2]);
  });

  it('gives a request up after three builds that were lost', async () => {
    for (let isRetried = true; isRetried;) {
      worker.killRunnerOf(buildOf(running));
      const lost = await farm.events.until('build.lost', {
        after: running.number,
        data: { request },
      });
      isRetried = lost.data['retried'] === true;
      if (!isRetried) break;
      running = await farm.events.until('build.started', { after: lost.number, data: { request } });
      await farm.events.until('step.started', { subject: running.subject });
    }

    const given = await farm.get(`/api/v1/requests/${request}`, requestSchema);
    assert.deepEqual([given.state, given.result, given.attempts], ['done', 'lost', 3]);
  });
});

/** A farm whose project runs until its gate is open. */
function startFarm(repositories: SmallFarm, gate: string): Promise<FarmProcess> {
  const steps = [
    '- test: |',
    '    echo begun',
    `    while [ ! -e ${gate}/open ]; do sleep 0.05; done`,
    '    echo over',
  ];
  return FarmProcess.start({
    farm: repositories.farm({ steps }),
    remotes: repositories.remotes,
  });
}
