import assert from 'node:assert/strict';
import type { WaitReason } from '@weir/protocol';
import { branchSchema, requestSchema, workerSchema } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

const forever = ['- test: |', '    echo started', '    while true; do sleep 1; done'];
const upstreamsSchema = z.object({
  items: z.array(z.object({ trunks: z.array(z.object({ branch: branchSchema })) })),
});

describe('a request that waits says why', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  beforeEach(async () => {
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  async function start(
    options: { steps?: readonly string[]; edit?: (text: string) => string } = {},
  ) {
    const { steps = forever, edit = (text) => text } = options;
    const { remotes } = repositories;
    farm = await FarmProcess.start({ farm: edit(repositories.farm({ steps })), remotes });
  }

  /** The id of the first request of a builder. */
  async function requestOf(builder: string): Promise<number> {
    const { subject } = await farm.events.until('request.created', { data: { builder } });
    return Number(subject.slice('request/'.length));
  }

  async function force(builder: string): Promise<number> {
    const body = { builder, reason: 'to wait' };
    return requestSchema.parse(await farm.post('/api/v1/requests', body)).id;
  }

  async function assertWaits(id: number, reason: WaitReason, detail: RegExp): Promise<void> {
    const { waits } = await farm.get(`/api/v1/requests/${id}`, requestSchema);
    assert.equal(waits?.reason, reason);
    assert.match(waits.detail, detail);
  }

  it('no worker with label', async () => {
    await start();

    await assertWaits(await requestOf(runtimeBuilder), 'no worker with label', /linux/);
  });

  it('all busy', async () => {
    await start();
    await farm.addWorker({ name: 'w1' });
    await farm.events.until('build.started', { data: { builder: appBuilder } });

    await assertWaits(await force(appBuilder), 'all busy', /1 slot|slots? of/);
  });

  it('paused: the builder, or the worker', async () => {
    await start();
    await farm.addWorker({ name: 'w1', slots: 3 });
    await farm.events.until('build.started', { data: { builder: appBuilder } });
    const builder = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;
    await farm.post(`${builder}/pause`, { reason: 'bad day' });
    const id = await force(appBuilder);

    await assertWaits(id, 'paused', /bad day/);

    await farm.post('/api/v1/workers/w1/pause', { reason: 'too hot' });
    await farm.post(`${builder}/resume`, { reason: 'better' });
    await assertWaits(id, 'paused', /too hot/);
  });

  it('declined by policy', async () => {
    await start();
    await farm.addWorker({ name: 'w1', args: ['--only-project', 'other'] });
    await farm.events.until('request.declined', { data: { builder: appBuilder } });

    await assertWaits(await requestOf(appBuilder), 'declined by policy', /w1|worker/);
  });

  it('waits for its runtime', async () => {
    const slowRuntime = (text: string): string =>
      text.replace('mkdir -p "$WEIR_RUNTIME/bin"', 'while true; do sleep 1; done');
    await start({ edit: slowRuntime });
    await farm.addWorker({ name: 'w1', slots: 2 });
    await farm.events.until('build.started', { data: { builder: runtimeBuilder } });

    await assertWaits(await requestOf(appBuilder), 'waits for its runtime', /runtime|built/);
  });

  it('backing off', async () => {
    await start();
    const worker = await farm.addWorker({ name: 'w1' });
    for (let times = 0; times < 2; times++) {
      const after = farm.events.all.findLast(({ kind }) => kind === 'build.lost')?.number ?? 0;
      const data = { builder: appBuilder };
      const { subject } = await farm.events.until('build.started', { after, data });
      await farm.events.until('step.started', { subject });
      worker.killRunnerOf(Number(subject.slice('build/'.length)));
      await farm.events.until('build.lost', { subject });
    }

    await assertWaits(await requestOf(appBuilder), 'backing off', /next try is in \d+ s/);
  });

  it('paused, while its owner wants the machine for himself', async () => {
    await start();
    const always = ['--quiet-hours', '00:00-24:00'];
    await farm.addWorker({ name: 'w1', args: always });
    const id = await requestOf(runtimeBuilder);
    // The worker says so a moment after it is online, and that is no event.
    let resting: string | null = null;
    while (resting === null) ({ resting } = await farm.get('/api/v1/workers/w1', workerSchema));

    assert.match(resting, /^quiet hours until .*00:00/);
    await assertWaits(id, 'paused', /quiet hours/);
  });

  it('disk full', async () => {
    await start();
    await farm.addWorker({ name: 'w1', args: ['--min-free', '1000000'] });
    const id = await requestOf(runtimeBuilder);
    // The worker says so a moment after it is online, and that is no event.
    let isFull = false;
    while (!isFull) ({ diskFull: isFull } = await farm.get('/api/v1/workers/w1', workerSchema));

    await assertWaits(id, 'disk full', /w1|worker/);
  });

  it('stable timer, on the branch whose changes are no requests yet', async () => {
    const patient = (text: string): string =>
      text
        .replaceAll('stable-for: 0s', 'stable-for: 1h')
        .replaceAll('max-wait: 1s', 'max-wait: 2h');
    await start({ edit: patient });
    await farm.events.until('change.seen', { subject: 'branch/lang/main' });

    const { items } = await farm.get('/api/v1/upstreams', upstreamsSchema);

    const pending = items[0]?.trunks[0]?.branch.pending;
    assert.equal(pending?.reason, 'stable timer');
  });
});
