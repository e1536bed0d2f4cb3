import assert from 'node:assert/strict';
import { buildSummarySchema, builderSchema, workerSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

const buildsSchema = z.object({ items: z.array(buildSummarySchema) });

/** A worker of the name `odd` fails what others pass: its folders carry its name. */
const steps = ['- test: |', '    case "$HOME" in */odd/*) exit 1;; esac', '    lang ./app.txt'];

describe('a worker on probation', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps }),
      remotes: repositories.remotes,
    });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  const worker = (name: string) => farm.get(`/api/v1/workers/${name}`, workerSchema);

  it('takes any build of a farm that knows no answer, and is a normal one after three greens', async () => {
    const promoted = farm.events.until('worker.promoted', { subject: 'worker/first' });
    await farm.addWorker({ name: 'first', trust: 'probation' });
    await farm.events.until('worker.agreed', { subject: 'worker/first', data: { agreed: 2 } });
    const { probation } = await worker('first');
    assert.deepEqual([probation?.agreed, probation?.isProbeable], [2, false]);

    await repositories.app.commit({ message: 'A third build', files: { x: '1' } });

    await promoted;
    assert.equal((await worker('first')).trust, 'normal');
  });

  it('finds three known answers, which say nothing new of their builders', async () => {
    const heads = await lastBuilds();

    const promoted = farm.events.until('worker.promoted', { subject: 'worker/second' });
    await farm.addWorker({ name: 'second', trust: 'probation' });
    await promoted;

    const { items } = await farm.get('/api/v1/builds?worker=second&limit=50', buildsSchema);
    const trials = items.filter(({ reason }) => reason === 'probation');
    assert.equal(trials.length, 3);
    assert.ok(trials.every(({ result }) => result === 'success'));
    assert.deepEqual(await lastBuilds(), heads);
  });

  it('stays on it when it fails what others pass, and nobody else hears of that', async () => {
    const disagreed = farm.events.until('worker.disagreed', { subject: 'worker/odd' });
    await farm.addWorker({ name: 'odd', trust: 'probation' });
    await disagreed;

    const { trust, probation } = await worker('odd');
    assert.equal(trust, 'probation');
    assert.equal(probation?.disagreed, 1);
    assert.ok((probation?.notBefore ?? 0) > Date.now(), 'tried again later');
    const { verdict } = await farm.get(`/api/v1/builders/${appBuilder}`, builderSchema);
    assert.equal(verdict, 'green');
    assert.ok(!farm.events.all.some(({ kind }) => kind.startsWith('breakage.')));
  });

  it('ends when an admin trusts it, who can put it back too', async () => {
    await farm.post('/api/v1/workers/odd/trust', { trust: 'normal', reason: 'it is meant so' });
    assert.equal((await worker('odd')).probation, null);

    await farm.post('/api/v1/workers/odd/trust', { trust: 'probation', reason: 'it is not' });
    assert.equal((await worker('odd')).probation?.disagreed, 0);
  });

  async function lastBuilds(): Promise<(number | undefined)[]> {
    const builders = await Promise.all(
      [runtimeBuilder, appBuilder].map((name) =>
        farm.get(`/api/v1/builders/${name}`, builderSchema),
      ),
    );
    return builders.map(({ lastBuild }) => lastBuild?.id);
  }
});
