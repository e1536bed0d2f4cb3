import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, requestSchema, workerSchema } from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';
import { SmallDisk } from './small-disk.ts';

const mib = 1024 * 1024;

describe('a full disk of a worker', () => {
  let repositories: SmallFarm;
  let disk: SmallDisk;
  let farm: FarmProcess;
  let dir: string;
  let running: ApiEvent;

  before(async function () {
    needs(this, 'root');
    dir = await mkdtemp(join(tmpdir(), 'weir-gate-'));
    repositories = await createSmallFarm();
    disk = await SmallDisk.mount(64 * mib);
    const steps = [
      '- test: |',
      '    echo begun',
      `    while [ ! -e ${dir}/end ]; do sleep 0.05; done`,
      `    if [ -e ${dir}/print ]; then seq 1 400000; fi`,
    ];
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps }),
      remotes: repositories.remotes,
    });
    // The build of the first commit is of no interest.
    await writeFile(join(dir, 'end'), '');
    await farm.addWorker({ name: 'w1', dataDir: join(disk.dir, 'w1') });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  /** A build whose step has begun. */
  beforeEach(async () => {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir);
    const body = { builder: appBuilder, reason: 'a hard day' };
    const request = requestSchema.parse(await farm.post('/api/v1/requests', body)).id;
    running = await farm.events.until('build.started', { data: { request } });
    await farm.events.until('step.started', { subject: running.subject });
  });
  afterEach(() => disk.empty());

  async function ended(): Promise<ApiBuild> {
    await writeFile(join(dir, 'end'), '');
    await farm.events.until('build.finished', { subject: running.subject });
    return farm.get(`/api/v1/builds/${running.subject.slice('build/'.length)}`, buildSchema);
  }

  it('ends a build that prints as an exception that names it, and builds go elsewhere', async () => {
    await writeFile(join(dir, 'print'), '');
    disk.fill();

    const build = await ended();

    assert.equal(build.result, 'exception');
    assert.match(build.text, /the worker's disk is full/);
    await farm.workers[0]?.said('too little room');
    const request = await farm.get(`/api/v1/requests/${build.request}`, requestSchema);
    assert.equal(request.state, 'waiting');
    while (!(await farm.get('/api/v1/workers/w1', workerSchema)).diskFull);

    disk.empty();
    await rm(join(dir, 'print'));
    await farm.events.until('build.finished', {
      data: { request: build.request, result: 'success' },
    });
  });

  it('takes nothing from a build that needs no more room', async () => {
    disk.fill();

    const build = await ended();

    assert.deepEqual([build.result, build.attempt], ['success', 1]);
  });

  it('keeps no worker from coming back with its builds', async () => {
    disk.fill();

    await farm.kill();
    await farm.start();
    await farm.events.until('build.attached', { subject: running.subject });

    assert.equal((await ended()).attempt, 1);
    const attached = farm.events.all.filter(
      ({ kind, subject }) => kind === 'build.attached' && subject === running.subject,
    );
    assert.equal(attached.length, 1, 'the link held');
  });
});
