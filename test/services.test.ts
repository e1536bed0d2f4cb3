import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildSchema, requestSchema, workerSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { needs, redisImage } from './support/needs.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const services = `services:
      cache: {image: ${redisImage}, port: 6379}`;
const ping =
  'exec 3<>/dev/tcp/$WEIR_CACHE_HOST/$WEIR_CACHE_PORT; printf "PING\\r\\n" >&3; head -n 1 <&3';

describe('a project with services', function () {
  this.timeout(120_000);
  let repositories: SmallFarm;
  let farm: FarmProcess;
  /** With the one-file agent, and no packages of Node around it. */
  let dir: string;
  let agent: string;
  let build: number;

  before(async function () {
    needs(this, 'docker', 'bwrap');
    dir = mkdtempSync(join(tmpdir(), 'weir-s-'));
    agent = join(dir, 'weir-worker.mjs');
    repositories = await createSmallFarm();
    const steps = ['- name: test', `  run: bash -c '${ping}'`, '  network: true'];
    const text = repositories.farm({ steps, artifacts: 'any' });
    farm = await FarmProcess.start({
      farm: text.replace('trunks: [lang/main]\n', `trunks: [lang/main]\n    ${services}\n`),
      remotes: repositories.remotes,
    });
    writeFileSync(agent, await (await fetch(`${farm.url}/weir-worker.mjs`)).bytes());
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  });

  function runAgent(...args: string[]) {
    const remotes = [...repositories.remotes].flatMap(([url, path]) => [
      '--remote',
      `${url}=${path}`,
    ]);
    const more = args[0] === 'reproduce' ? ['--sandbox', 'none', ...remotes] : [];
    return spawnSync(process.execPath, [agent, ...args, ...more], { encoding: 'utf8' });
  }

  it('waits where no worker has containers, and the pages say so', async () => {
    const { subject } = await farm.events.until('request.created', {
      data: { builder: appBuilder },
    });
    await farm.addWorker({ name: 'plain', sandbox: 'bubblewrap' });
    await farm.events.until('build.finished', { data: { builder: runtimeBuilder } });

    const { waits } = await farm.get(`/api/v1/requests/${subject.slice(8)}`, requestSchema);
    assert.equal(waits?.reason, 'no worker with label');
    assert.match(waits.detail, /containers/);
    const page = await (await fetch(`${farm.url}/builders/${appBuilder}`)).text();
    assert.match(page, /no worker.*containers/s);
    const register = await (await fetch(`${farm.url}/register`)).text();
    assert.match(register, /Only on machines that run containers.*redis:1<.*512 MiB of memory/s);
    const { labels, facts } = await farm.get('/api/v1/workers/plain', workerSchema);
    assert.ok(!labels.includes('containers'));
    assert.match(facts['containers'] ?? '', /^none, by its owner/);
  });

  it('is tested by a worker that has them, with the service at the address it is given', async () => {
    await farm.addWorker({ name: 'able', sandbox: 'bubblewrap', containers: true });
    const { subject } = await farm.events.until('build.finished', {
      data: { builder: appBuilder },
    });
    build = Number(subject.slice('build/'.length));

    const ran = await farm.get(`/api/v1/builds/${build}`, buildSchema);
    assert.deepEqual(
      ran.steps.map(({ name, result }) => [name, result]),
      [
        ['start services', 'success'],
        ['test', 'success'],
        ['stop services', 'success'],
      ],
    );
    assert.equal(ran.worker, 'able');
    assert.match(ran.environment['service cache'] ?? '', /sha256:/);
    const { labels, facts } = await farm.get('/api/v1/workers/able', workerSchema);
    assert.ok(labels.includes('containers'));
    assert.match(facts['containers'] ?? '', /^engine \d/);
  });

  it('has its build run again with its services, from a checkout', async () => {
    const remotes = [...repositories.remotes].flatMap(([url, path]) => [
      '--remote',
      `${url}=${path}`,
    ]);

    const { status, stdout } = await runWeir([
      'reproduce',
      `${farm.url}/builds/${build}`,
      ...remotes,
    ]);

    assert.equal(status, 0, stdout);
    assert.match(stdout, /── start services \(step 1 of 3\)\ncache: .*\+PONG.*── success/s);
    assert.match(stdout, /✓ The farm's result came again: success/);
  });

  it('needs testcontainers beside the one-file agent, which says so', () => {
    const { stdout: found } = runAgent('doctor', '--json');
    const { status, stdout } = runAgent('reproduce', `${farm.url}/builds/${build}`);

    assert.match(found, /no builds with services: testcontainers is not installed beside the a/);
    assert.equal(status, 1);
    assert.match(
      stdout,
      /There is no result here: exception \(start services: testcontainers is not/,
    );
  });

  it('finds testcontainers beside the one-file agent', () => {
    symlinkSync(modules, join(dir, 'node_modules'));

    const { stdout: found } = runAgent('doctor', '--json');
    const { status, stdout } = runAgent('reproduce', `${farm.url}/builds/${build}`);

    assert.match(found, /"about":"containers","level":"good","text":"engine \d/);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /\+PONG/);
  });
});
