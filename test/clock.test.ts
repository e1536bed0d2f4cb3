import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema } from '@weir/protocol';
import { describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { needs } from './support/needs.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

/** The reaper looks at the leases every 5 s. */
const reapedMs = 7_000;

describe('the wall clock of the master', () => {
  it('may jump by hours, and no lease moves', async function () {
    needs(this, 'faketime');
    const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
    await using disposing = new AsyncDisposableStack();
    const dir = await mkdtemp(join(tmpdir(), 'weir-clock-'));
    disposing.defer(() => rm(dir, { recursive: true, force: true }));
    const clock = join(dir, 'clock');
    await writeFile(clock, '+0');
    const repositories = disposing.use(await createSmallFarm());
    const steps = ['- test: |', '    echo started', '    while true; do sleep 1; done'];
    const farm = await FarmProcess.start({
      farm: repositories.farm({ steps }),
      remotes: repositories.remotes,
      env: {
        LD_PRELOAD: library ?? '',
        FAKETIME_TIMESTAMP_FILE: clock,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
    disposing.use(farm);
    await farm.addWorker({ name: 'w1' });
    const { subject } = await farm.events.until('build.started', { data: { builder: appBuilder } });
    await farm.events.until('step.started', { subject });

    await writeFile(clock, '+5h');
    // Nothing is to happen, so there is no event to wait for.
    await sleep(reapedMs);

    const date = (await fetch(farm.url)).headers.get('date') ?? '';
    assert.ok(Date.parse(date) - Date.now() > 4 * 3_600_000, `the clock did jump: ${date}`);
    const build = await farm.get(`/api/v1/builds/${subject.slice('build/'.length)}`, buildSchema);
    assert.equal(build.state, 'running');
  });
});
