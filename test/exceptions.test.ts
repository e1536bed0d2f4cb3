import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';
import type { WorkerProcess } from './support/worker-process.ts';

describe('a build that its worker can not begin', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: WorkerProcess;

  before(async () => {
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    worker = await farm.addWorker({
      name: 'w1',
      args: ['--remote', 'https://git.example/app=/no/such/mirror'],
    });
    await farm.events.until('build.finished', {
      data: { builder: appBuilder, result: 'exception' },
    });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it('tells the owner of the worker why', async () => {
    await worker.said(`build ${appBuilder} #1: exception: `);

    assert.match(worker.output, /#1: exception: .*\/no\/such\/mirror/);
  });

  it('has weir status say why', async () => {
    const { stdout } = await runWeir(['status'], farm);

    const row = stdout.split('\n').find((line) => line.startsWith(appBuilder));
    assert.match(row ?? '', /#\d+ exception .*#\d+: .*\/no\/such\/mirror/);
  });
});
