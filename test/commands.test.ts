import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { buildSchema, builderSchema, farmSchema, requestSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { countProcesses, uniqueSeconds } from '../packages/worker/test/runner/processes.ts';
import { FarmProcess, token } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { weir as program } from './support/weir-program.ts';

const builderPath = `/api/v1/builders/${encodeURIComponent(appBuilder)}`;

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('commands by people', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  const seconds = uniqueSeconds(7);

  before(async () => {
    repositories = await createSmallFarm();
    // Ends only when it is ended.
    const steps = [
      '- test: |',
      '    trap "" TERM',
      `    setsid sleep ${seconds} &`,
      '    echo started',
      '    while true; do sleep 1; done',
    ];
    farm = await FarmProcess.start({
      farm: repositories.farm({ steps }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1', slots: 2 });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  function weir(...args: string[]): Promise<Ran> {
    const env = { ...process.env, WEIR_URL: farm.url, WEIR_ADMIN_TOKEN: token };
    return runWeir(args, env);
  }

  it('end a running build with all its processes, and keep the reason', async () => {
    const { subject } = await farm.events.until('build.started', { data: { builder: appBuilder } });
    const id = subject.slice('build/'.length);
    await farm.events.until('step.started', { subject });
    while (countProcesses(seconds) === 0) await setImmediate();

    const { status, stdout } = await weir('cancel', id, '--reason', 'it runs for ever');

    assert.deepEqual([status, stdout], [0, `Build ${id} is being ended.\n`]);
    const ended = await farm.events.until('build.finished', { subject });
    assert.equal(ended.data['result'], 'cancelled');
    assert.equal(countProcesses(seconds), 0);
    const build = await farm.get(`/api/v1/builds/${id}`, buildSchema);
    assert.equal(build.cancelRequested, 'it runs for ever');
  });

  it('force a build of a builder, and repeat one', async () => {
    const forced = await weir('force', runtimeBuilder, '--reason', 'to see it', '--json');

    const request = requestSchema.parse(JSON.parse(forced.stdout));
    const data = { request: request.id };
    const { subject } = await farm.events.until('build.finished', { data });
    const again = await weir('again', subject.slice('build/'.length), '--reason', 'once more');
    assert.match(again.stdout, /^Request \d+ repeats build \d+\.\n$/);
  });

  it('pause a builder, and resume it', async () => {
    const paused = await weir('pause', 'builder', appBuilder, '--reason', 'under repair');
    assert.equal(paused.stdout, `The builder ${appBuilder} is paused.\n`);
    const builder = await farm.get(builderPath, builderSchema);
    assert.deepEqual(builder.paused?.reason, 'under repair');
    const twice = await weir('pause', 'builder', appBuilder, '--reason', 'again');
    assert.equal(twice.status, 1);
    assert.match(twice.stderr, /is paused \(no-change\)/);

    const resumed = await weir('resume', 'builder', appBuilder, '--reason', 'done');

    assert.equal(resumed.status, 0);
    assert.equal((await farm.get(builderPath, builderSchema)).paused, null);
  });

  it('need a reason, a token and a thing that is there', async () => {
    assert.equal((await weir('force', appBuilder)).status, 2);
    const nobody = await runWeir(['force', appBuilder, '--reason', 'x'], {
      ...process.env,
      WEIR_URL: farm.url,
    });
    assert.equal(nobody.status, 2);
    assert.match(nobody.stderr, /--token or WEIR_ADMIN_TOKEN/);
    const wrong = await weir('force', appBuilder, '--reason', 'x', '--token', 'guessed');
    assert.match(wrong.stderr, /\(wrong-token\)|\(not-signed-in\)/);
    const missing = await weir('force', 'no/such/builder', '--reason', 'x');
    assert.match(missing.stderr, /\(no-such-builder\)/);
  });

  it('say what a worker is trusted with from now on', async () => {
    const trusted = await weir('workers', 'trust', 'w1', '--trust', 'trusted', '--reason', 'mine');
    const normal = await weir('workers', 'trust', 'w1', '--trust', 'normal', '--reason', 'known');

    assert.equal(trusted.stdout, 'Worker w1 is trusted: it builds runtimes for all workers.\n');
    assert.match(normal.stdout, /^Worker w1 is of normal trust: its reds count, and it builds /);
  });

  it('show the farm and its workers', async () => {
    const status = await weir('status');
    assert.match(status.stdout, /Test farm: 1 of 1 workers online/);
    assert.match(status.stdout, new RegExp(appBuilder));
    const workers = await weir('workers');
    assert.match(workers.stdout, /^w1 +online/m);
  });

  it('put a changed farm file in force, but no broken one', async () => {
    const { last } = farm.events;
    await writeFile(farm.farmPath, 'farm: Broken\nplatfroms: {}\n');
    farm.signal('SIGHUP');
    let warnings: readonly string[] = [];
    while (warnings.length === 0 || !warnings.some((text) => text.includes('broken'))) {
      ({ warnings } = await farm.get('/api/v1/farm', farmSchema));
    }
    assert.match(warnings.join(' '), /farm\.yaml:2:1.*platforms/);
    assert.match(farm.log, /farm\.yaml:2:1/);
    assert.equal((await farm.get(builderPath, builderSchema)).name, appBuilder);

    const text = repositories.farm().replace('farm: Test farm', 'farm: Renamed farm');
    await writeFile(farm.farmPath, text);
    farm.signal('SIGHUP');

    await farm.events.until('farm.applied', { after: last });
    let name = '';
    while (name !== 'Renamed farm') ({ name } = await farm.get('/api/v1/farm', farmSchema));
  });
});

describe('a master', () => {
  it('does not start with a broken farm file, and says all that is wrong', async () => {
    await using repositories = await createSmallFarm();
    const path = `${repositories.lang.path}/broken.yaml`;
    await writeFile(path, 'farm: 7\nupstream: {}\nplatforms: {here: linux}\n');

    const { status, stderr } = await runWeir(['master', '--farm', path], process.env);

    assert.equal(status, 1);
    assert.match(stderr, /broken\.yaml:2:1/);
    assert.match(stderr, /broken\.yaml:3:/);
  });

  it('makes a token of its own where the one in its environment is blank', async () => {
    await using repositories = await createSmallFarm();
    const path = `${repositories.lang.path}/farm.yaml`;
    await writeFile(path, repositories.farm());
    const args = ['master', '--farm', path, '--data', `${path}.data`, '--json'];
    const child = spawn(process.execPath, [program, ...args, '--port', '0', '--worker-port', '0'], {
      env: { ...process.env, WEIR_ADMIN_TOKEN: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { url, adminToken } = JSON.parse(line) as { url: string; adminToken: string | null };

    const signIn = await fetch(new URL('/sign-in', url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
      body: 'token=',
      redirect: 'manual',
    });
    child.kill('SIGTERM');
    await once(child, 'exit');

    assert.match(adminToken ?? '', /^\w{32,}$/);
    assert.equal(signIn.headers.get('set-cookie'), null);
  });
});

describe('what a master says when it is up', () => {
  /** Its text for people, with these lines in the farm file. */
  async function introduction(extra: string): Promise<string> {
    await using repositories = await createSmallFarm();
    const path = `${repositories.lang.path}/farm.yaml`;
    await writeFile(path, repositories.farm({ extra }));
    const args = ['master', '--farm', path, '--data', `${path}.data`];
    const child = spawn(process.execPath, [program, ...args, '--port', '0', '--worker-port', '0'], {
      env: { ...process.env, WEIR_ADMIN_TOKEN: token },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    for await (const line of createInterface({ input: child.stdout })) {
      text += `${line}\n`;
      if (line.startsWith('A volunteer joins by')) break;
    }
    child.kill('SIGTERM');
    await once(child, 'exit');
    return text;
  }

  it('names the address at which the farm is reached', async () => {
    const text = await introduction(
      'public-url: https://weir.example.test/\nworker-url: /worker\n',
    );

    assert.match(
      text,
      /^Waterfall +https:\/\/weir\.example\.test\/ .*http:\/\/127\.0\.0\.1:\d+\//m,
    );
    assert.match(text, /weir worker join https:\/\/weir\.example\.test --key SHA256:/);
  });

  it('names its own where the farm file has none', async () => {
    const text = await introduction('');

    const [, own] = /^Waterfall +(http:\/\/127\.0\.0\.1:\d+)\/$/m.exec(text) ?? [];
    assert.match(text, new RegExp(`weir worker join ${own} --key SHA256:\\S+ --name NAME\n`));
  });

  it('leaves the address open where only a proxy takes workers', async () => {
    const text = await introduction('worker-url: /worker\n');

    assert.match(text, /weir worker join URL --key .*\(URL: of the proxy before this master\)/);
  });
});

function runWeir(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) => {
      const status = error === null ? 0 : Number(error.code ?? 1);
      resolve({ status, stdout, stderr });
    });
  });
}
