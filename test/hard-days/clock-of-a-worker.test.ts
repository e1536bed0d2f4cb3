import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import process from 'node:process';
import { promisify } from 'node:util';
import { buildSchema, workerSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';
import { weir } from '../support/weir-program.ts';
import type { WorkerProcess } from '../support/worker-process.ts';

const run = promisify(execFile);
const year = 365 * 86_400_000;
const day = year / 365;

describe('a worker whose clock is a year ahead', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: WorkerProcess;
  let env: Record<string, string>;

  before(async function () {
    needs(this, 'faketime');
    const [library = ''] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
    env = { LD_PRELOAD: library, FAKETIME: '+365d', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({ farm: repositories.farm(), remotes: repositories.remotes });
    worker = await farm.addWorker({ name: 'w1', env });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  it("builds as any other, and its builds' times are the farm's", async () => {
    const { subject } = await farm.events.until('build.finished', {
      data: { builder: appBuilder },
    });

    const build = await farm.get(`/api/v1/builds/${subject.slice(6)}`, buildSchema);
    assert.equal(build.result, 'success');
    const times = [build.startedAt, build.finishedAt, ...build.steps.map((step) => step.startedAt)];
    for (const time of times) assert.ok(Math.abs((time ?? 0) - Date.now()) < day, String(time));
  });

  it('has that said on its page', async () => {
    const { clockSkewMs } = await farm.get('/api/v1/workers/w1', workerSchema);
    const page = await (await fetch(new URL('/workers/w1', farm.url))).text();

    assert.ok(Math.abs(clockSkewMs - year) < day, `${clockSkewMs} ms`);
    assert.match(page, /Its clock is 36\d days ahead of the farm/);
  });

  it('obeys its owner, whose commands go by the time of the farm', async () => {
    const command = ['worker', 'pause', 'a game', '--data', worker.dataDir];

    await run(process.execPath, [weir, ...command], { env: { ...process.env, ...env } });

    const { ownerPaused } = await farm.get('/api/v1/workers/w1', workerSchema);
    assert.equal(ownerPaused?.reason, 'a game');
  });
});
