import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { demoFarmText, demoPlatforms } from '../packages/cli/src/demo/farm-text.ts';
import { createDemoRepositories } from '../packages/cli/src/demo/repositories.ts';
import type { DemoRepositories } from '../packages/cli/src/demo/repositories.ts';
import { FarmProcess } from './support/farm-process.ts';

describe("the demo's runtime", () => {
  let dir: string;
  let repositories: DemoRepositories;
  let farm: FarmProcess;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-repos-'));
    repositories = await createDemoRepositories(dir);
    farm = await FarmProcess.start({
      farm: demoFarmText(repositories, {
        indexUrl: 'http://127.0.0.1:9',
        introduction: ['Pebble'],
      }),
      remotes: repositories.remotes,
    });
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  /** The hash that each platform's runtime has after an event. */
  async function hashes(after: number): Promise<unknown[]> {
    const stored = demoPlatforms.map((platform) =>
      farm.events.until('artifact.stored', { after, data: { builder: `pebble/main/${platform}` } }),
    );
    return (await Promise.all(stored)).map(({ data }) => data['sha256']);
  }

  it('has one hash, whichever worker builds it, and another on each platform', async () => {
    const maker = { labels: demoPlatforms, args: ['--only-upstream', 'pebble'] };
    await farm.addWorker({ ...maker, name: 'first', trust: 'trusted' });
    const first = await hashes(0);
    await farm.post('/api/v1/workers/first/pause', { reason: "the other's turn" });
    await farm.addWorker({ ...maker, name: 'second', trust: 'trusted' });
    const { last } = farm.events;

    for (const platform of demoPlatforms) {
      const builder = `pebble/main/${platform}`;
      await farm.post('/api/v1/requests', { builder, reason: 'once more' });
    }

    assert.deepEqual(await hashes(last), first);
    const workers = farm.events.all
      .filter(({ kind, number }) => kind === 'build.started' && number > last)
      .map(({ data }) => data['worker']);
    assert.deepEqual(new Set(workers), new Set(['second']));
    assert.notEqual(first[0], first[1]);
  });
});
