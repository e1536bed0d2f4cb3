import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, linkDeadMs } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from '../support/farm-process.ts';
import { Line } from '../support/line.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';

/** After so long without a byte, proxies here cut a link: sooner than in life, where 60 s are usual. */
const idleMs = 20_000;

describe('a bad line between a worker and the farm', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let links: Line;
  let pages: Line;
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-gate-'));
    repositories = await createSmallFarm();
    links = await Line.start(() => farm.workerPort, idleMs);
    pages = await Line.start(() => Number(new URL(farm.url).port), idleMs);
    farm = await FarmProcess.start({
      farm: repositories.farm({
        steps: ['- test: |', `    while [ ! -e ${dir}/end ]; do sleep 0.05; done`],
        extra: `worker-url: ws://127.0.0.1:${links.port}/worker\n`,
      }),
      remotes: repositories.remotes,
    });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await links?.[Symbol.asyncDispose]();
    await pages?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  it('may be half open or idle for long, and costs no build and no stream', async function () {
    this.timeout(4 * linkDeadMs);
    const worker = await farm.addWorker({ name: 'w1' });
    const { subject } = await farm.events.until('build.started', { data: { builder: appBuilder } });
    await farm.events.until('step.started', { subject });

    // The worker knows that its link is gone, and the farm does not.
    links.halfOpen('far');
    const first = await farm.events.until('build.attached', { subject });
    await worker.said('reconnecting\nw1: connected to');

    // The farm knows, and the worker does not: it waits for signs of life.
    links.halfOpen('near');
    await farm.addWorker({ name: 'idle' });
    const stream = await fetch(`http://127.0.0.1:${pages.port}/api/v1/events`, {
      headers: { accept: 'text/event-stream' },
    });

    await farm.events.until('build.attached', { subject, after: first.number });

    assert.ok(pages.isUsed, 'a stream of events outlasts a proxy that cuts what is idle');
    await stream.body?.cancel();
    const idle = farm.events.all.filter((event) => event.subject === 'worker/idle');
    assert.ok(!idle.some(({ kind }) => kind === 'worker.offline'), 'as does the link of a worker');

    await writeFile(join(dir, 'end'), '');
    await farm.events.until('build.finished', { subject });
    const build = await farm.get(`/api/v1/builds/${subject.slice('build/'.length)}`, buildSchema);
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
  });
});
