import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema } from '@weir/protocol';
import { after, afterEach, before, describe, it } from 'mocha';
import { FarmProcess, token } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';
import { onlyOnSqlite } from '../support/test-store.ts';

const source = fileURLToPath(new URL('slow-disk.c', import.meta.url));

describe('a slow disk of the master', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let dir: string;

  before(async function () {
    onlyOnSqlite(this);
    needs(this, 'cc');
    dir = await mkdtemp(join(tmpdir(), 'weir-slow-'));
    const library = join(dir, 'slow-disk.so');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
    syncTakes(0);
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps: ['- test: seq 1 100000'] }),
      remotes: repositories.remotes,
      env: { LD_PRELOAD: library, WEIR_SLOW_DISK: join(dir, 'ms') },
    });
    await farm.addWorker({ name: 'w1' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  afterEach(() => syncTakes(0));
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  function syncTakes(ms: number): void {
    writeFileSync(join(dir, 'ms'), String(ms));
  }

  function force(): Promise<Response> {
    return fetch(new URL('/api/v1/requests', farm.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ builder: appBuilder, reason: 'on a slow disk' }),
    });
  }

  /** How long each page takes that is loaded before the promise settles, in ms. */
  async function pagesUntil(promise: Promise<unknown>): Promise<number[]> {
    let isOver = false;
    void promise.finally(() => (isOver = true));
    const times: number[] = [];
    while (!isOver) {
      const startedAt = performance.now();
      assert.equal((await fetch(farm.url)).status, 200);
      times.push(performance.now() - startedAt);
    }
    return times;
  }

  it('makes commands wait for their commit, together, and no page', async () => {
    syncTakes(1_000);
    const startedAt = performance.now();

    const forced = Promise.all(Array.from({ length: 20 }, force));
    const pages = await pagesUntil(forced);
    const took = performance.now() - startedAt;

    assert.ok((await forced).every(({ status }) => status === 201));
    console.log(
      `      20 commands in ${Math.round(took)} ms; ${pages.length} pages, the slowest in ${Math.round(Math.max(...pages))} ms`,
    );
    assert.ok(took >= 1_000, 'an answer comes after the commit');
    assert.ok(took < 10_000, 'those that wait together are committed together');
    assert.ok(pages.length > 2 && Math.min(...pages) < 500);
  });

  it('slows builds down, and neither breaks a link nor loses a lease', async () => {
    syncTakes(300);
    const { last } = farm.events;

    assert.equal((await force()).status, 201);
    const { subject } = await farm.events.until('build.finished', { after: last });

    const build = await farm.get(`/api/v1/builds/${subject.slice(6)}`, buildSchema);
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
    const broken = farm.events.all.filter(
      ({ kind, number }) =>
        number > last && ['worker.offline', 'build.detached', 'build.attached'].includes(kind),
    );
    assert.deepEqual(broken, []);
  });

  it('that does not answer in time has commands answered all the same', async () => {
    syncTakes(6_500);
    const startedAt = performance.now();

    const response = await force();

    assert.equal(response.status, 503);
    assert.equal(((await response.json()) as { code: string }).code, 'engine-away');
    assert.ok(performance.now() - startedAt < 8_000);
  });
});
