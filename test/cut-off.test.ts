import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { buildSchema, leaseMs } from '@weir/protocol';
import type { ApiBuild } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { FarmProcess } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

/** How long the worker is cut off, and how much its build prints; set for an absence as in life. */
const cutMs = Number(process.env['WEIR_CUT_SECONDS'] ?? 3) * 1_000;
const logBytes = Number(process.env['WEIR_CUT_MB'] ?? 20) * 1_000_000;
const isDetachedMeanwhile = cutMs > leaseMs + 10_000;

describe(`a worker that is cut off for ${cutMs / 1_000} s in the middle of a build`, () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let proxy: CuttingProxy;
  let dir: string;
  /** What the step printed, as it says itself. */
  let ledger: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-ledger-'));
    ledger = join(dir, 'ledger');
    repositories = await createSmallFarm();
    proxy = await CuttingProxy.start(() => farm.workerPort, [logBytes / 5], cutMs);
    farm = await FarmProcess.start({
      farm: repositories.farm({
        steps: printingStep(ledger),
        extra: `worker-url: ws://127.0.0.1:${proxy.port}/worker\n`,
      }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1' });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  it('goes on with it, and the log is whole', async function () {
    this.timeout(3 * cutMs + 120_000);
    const { subject } = await farm.events.until('build.started', { data: { builder: appBuilder } });
    const build = (): Promise<ApiBuild> =>
      farm.get(`/api/v1/builds/${subject.slice('build/'.length)}`, buildSchema);
    const offline = await farm.events.until('worker.offline');
    const printedBefore = (await stat(ledger)).size;
    if (isDetachedMeanwhile) {
      await farm.events.until('build.detached', { subject });
      assert.equal((await build()).state, 'detached');
    }

    const attached = await farm.events.until('build.attached', { subject });
    const printedMeanwhile = (await stat(ledger)).size - printedBefore;
    await farm.events.until('build.finished', { subject });

    assert.ok(attached.at - offline.at > cutMs - 100, 'it was cut off all the time');
    assert.ok(printedMeanwhile > logBytes / 5, `only ${printedMeanwhile} bytes were printed then`);
    const { result, findings, attempt, steps } = await build();
    assert.deepEqual([result, findings, attempt, proxy.cuts], ['success', [], 1, 1]);
    const lost = farm.events.all.filter(({ kind }) => kind === 'build.lost');
    assert.deepEqual(lost, []);
    const response = await fetch(new URL(`/api/v1/logs/${steps[0]?.log?.id}`, farm.url));
    const printed = await readFile(ledger);
    const log = Buffer.from(await response.arrayBuffer());
    assert.ok(printed.length >= logBytes);
    assert.deepEqual([log.length, sha256(log)], [printed.length, sha256(printed)]);
  });
});

/** A step that prints `logBytes` from before the cut until after it, and a ledger of it. */
function printingStep(ledger: string): string[] {
  const pieces = 100;
  const lines = Math.ceil(logBytes / pieces / 50);
  return [
    '- test: |',
    '    n=0',
    `    while [ $n -lt ${pieces * lines} ]; do`,
    `      seq -f 'line %010.0f, whether its farm is there or not' $((n + 1)) $((n + ${lines})) |`,
    `        tee -a ${ledger}`,
    `      n=$((n + ${lines}))`,
    `      sleep ${(1.4 * cutMs) / 1_000 / pieces}`,
    '    done',
  ];
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
