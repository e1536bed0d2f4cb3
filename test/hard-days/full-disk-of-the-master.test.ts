import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildSchema,
  farmSchema,
  problemSchema,
  requestSchema,
  workerSchema,
} from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from '../support/farm-process.ts';
import { needs } from '../support/needs.ts';
import type { SmallFarm } from '../support/small-farm.ts';
import { appBuilder, createSmallFarm } from '../support/small-farm.ts';
import { onlyOnSqlite } from '../support/test-store.ts';
import { SmallDisk } from './small-disk.ts';

const mib = 1024 * 1024;
/** `limits.min-free` of the farm. */
const minFree = 64 * mib;
/** What the step prints: nothing that could be stored in less room. */
const printed = randomBytes(12 * mib);

describe('a full disk of the master', () => {
  let repositories: SmallFarm;
  let disk: SmallDisk;
  let farm: FarmProcess;
  let dir: string;
  let running: ApiEvent;
  let at: number;

  before(async function () {
    onlyOnSqlite(this);
    needs(this, 'root');
    dir = await mkdtemp(join(tmpdir(), 'weir-gate-'));
    repositories = await createSmallFarm();
    disk = await SmallDisk.mount(192 * mib);
    const steps = [
      '- test: |',
      '    echo begun',
      `    while [ ! -e ${dir}/print ]; do sleep 0.05; done`,
      `    cat ${dir}/text`,
      `    touch ${dir}/printed`,
      `    while [ ! -e ${dir}/end ]; do sleep 0.05; done`,
    ];
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps, extra: 'limits: { min-free: 64MiB }\n' }),
      remotes: repositories.remotes,
      dataDir: join(disk.dir, 'farm'),
    });
    // The build of the first commit is of no interest.
    await writeFile(join(dir, 'text'), '');
    await openGates();
    await farm.addWorker({ name: 'w1' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await disk?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  /** A build whose step has begun, and has not printed yet. */
  beforeEach(async () => {
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir);
    await writeFile(join(dir, 'text'), printed);
    at = farm.events.last;
    const request = await force();
    running = await farm.events.until('build.started', { data: { request } });
    await farm.events.until('step.started', { subject: running.subject });
  });
  afterEach(() => disk.empty());

  async function force(): Promise<number> {
    const body = { builder: appBuilder, reason: 'a hard day' };
    return requestSchema.parse(await farm.post('/api/v1/requests', body)).id;
  }

  /** Resolves when the farm has noticed how much room there is. */
  async function noticed(room: string): Promise<void> {
    await farm.events.until('farm.room-changed', { after: at, data: { room } });
  }

  async function ended(): Promise<ApiBuild> {
    await openGates();
    await farm.events.until('build.finished', { subject: running.subject });
    return build();
  }

  function build(): Promise<ApiBuild> {
    return farm.get(`/api/v1/builds/${running.subject.slice('build/'.length)}`, buildSchema);
  }

  async function openGates(): Promise<void> {
    for (const gate of ['print', 'end']) await writeFile(join(dir, gate), '');
  }

  async function logOf({ steps }: ApiBuild): Promise<Buffer> {
    const response = await fetch(new URL(`/api/v1/logs/${steps[0]?.log?.id}`, farm.url));
    return Buffer.from(await response.arrayBuffer());
  }

  async function assertWhole(build: ApiBuild): Promise<void> {
    assert.deepEqual([build.result, build.attempt], ['success', 1]);
    const expected = Buffer.concat([Buffer.from('begun\n'), printed]);
    assert.ok((await logOf(build)).equals(expected), 'the log is what was printed');
    const moved = farm.events.all.filter(
      ({ kind, number }) => number > at && ['build.attached', 'build.detached'].includes(kind),
    );
    assert.deepEqual(moved, [], 'its link did not break');
  }

  it('has the farm give out no builds before the reserve is touched, and say so', async () => {
    disk.fill(minFree - mib);
    await noticed('low');

    const request = await farm.get(`/api/v1/requests/${await force()}`, requestSchema);
    const { warnings } = await farm.get('/api/v1/farm', farmSchema);
    const ready = await fetch(new URL('/readyz', farm.url));
    const build = await ended();

    assert.equal(request.waits?.reason, 'disk full');
    assert.match(warnings.join(), /The farm's disk has less than 64 MiB of room/);
    assert.equal(ready.status, 503);
    assert.equal(problemSchema.parse(await ready.json()).code, 'disk-full');
    assert.match(farm.log, /warn .*disk has less than 64 MiB of room/);
    await assertWhole(build);

    disk.empty();
    await noticed('enough');
    await farm.events.until('build.started', { data: { request: request.id } });
    assert.equal((await fetch(new URL('/readyz', farm.url))).status, 200);
    await farm.events.until('build.finished', { data: { request: request.id } });
  });

  it('keeps what is printed with the workers, until there is room', async () => {
    disk.fill();
    await untilFull();
    await writeFile(join(dir, 'print'), '');
    await untilPrinted();

    const page = await fetch(farm.url);
    const worker = await farm.get('/api/v1/workers/w1', workerSchema);

    assert.equal(page.status, 200);
    assert.match(await page.text(), /disk is full: workers keep what their builds print/);
    assert.equal(worker.online, true);

    disk.empty();
    await assertWhole(await ended());
  });

  it('is survived where it comes while much is printed', async () => {
    await writeFile(join(dir, 'print'), '');
    while ((await build()).steps[0]?.log?.bytes === 0);
    disk.fill();
    await untilFull();
    await untilPrinted();
    disk.empty();

    await assertWhole(await ended());
  });

  it('keeps a master from starting, which says where room is needed, and its builds go on', async () => {
    await farm.kill();
    disk.fill();

    await assert.rejects(
      farm.start(),
      /there is no room in .*: make some, and start the farm again/,
    );

    disk.empty();
    await farm.start();
    const { result, attempt } = await ended();
    assert.deepEqual([result, attempt], ['success', 1]);
  });

  async function untilPrinted(): Promise<void> {
    while (!existsSync(join(dir, 'printed'))) await fetch(new URL('/healthz', farm.url));
  }

  async function untilFull(): Promise<void> {
    while (!(await (await fetch(new URL('/readyz', farm.url))).text()).includes('disk is full'));
  }
});
