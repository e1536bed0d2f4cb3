import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { apiSpecSchema, buildSchema } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { countProcesses, uniqueSeconds } from '../packages/worker/test/runner/processes.ts';
import { FarmProcess } from './support/farm-process.ts';
import { needs } from './support/needs.ts';
import { runWeir } from './support/run-weir.ts';
import type { Ran } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { openTestStore } from './support/test-store.ts';
import { weir } from './support/weir-program.ts';

const red = 'echo "it breaks"; exit 3\n';

describe('weir reproduce', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let dir: string;

  beforeEach(async () => {
    repositories = await createSmallFarm();
    dir = mkdtempSync(join(tmpdir(), 'weir-r-'));
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  async function start(options: Parameters<SmallFarm['farm']>[0] = {}): Promise<void> {
    farm = await FarmProcess.start({
      farm: repositories.farm({ artifacts: 'any', ...options }),
      remotes: repositories.remotes,
    });
  }

  /** The id of the next build of a builder, when it has ended. */
  async function ended(builder: string, after = 0): Promise<number> {
    const { subject } = await farm.events.until('build.finished', { after, data: { builder } });
    return Number(subject.slice('build/'.length));
  }

  async function built(builder: string): Promise<number> {
    await farm.addWorker({ name: 'w1' });
    return ended(builder);
  }

  /** The id of the first build of a commit, when it has ended. */
  async function builtOf(commit: string): Promise<number> {
    for (let after = 0; ;) {
      const about = { after, data: { builder: appBuilder } };
      const { subject, number } = await farm.events.until('build.finished', about);
      const id = Number(subject.slice('build/'.length));
      const { revisions } = await farm.get(`/api/v1/builds/${id}`, buildSchema);
      if (revisions.project === commit) return id;
      after = number;
    }
  }

  function remotes(): string[] {
    return [...repositories.remotes].flatMap(([url, path]) => ['--remote', `${url}=${path}`]);
  }

  /** As anybody does who never joined the farm. */
  function reproduce(build: number | string, ...args: string[]): Promise<Ran> {
    const words = ['reproduce', String(build), '--farm', farm.url, '--sandbox', 'none'];
    return runWeir([...words, ...remotes(), ...args]);
  }

  /** What a farm does with artifacts that are old. */
  async function dropArtifacts(): Promise<void> {
    await farm.stop();
    {
      await using store = await openTestStore(join(farm.dataDir, 'weir.sqlite'));
      await store.unit((db) => db.updateTable('artifact').set({ dropped_at: 1 }).execute());
    }
    rmSync(join(farm.dataDir, 'objects'), { recursive: true });
    await farm.start();
  }

  it('has a red build red again, with what its steps print', async () => {
    await repositories.app.commit({ message: 'Break it', files: { 'app.txt': red } });
    await start();
    const build = await built(appBuilder);

    const { status, stdout, stderr } = await reproduce(build);

    assert.equal(status, 0, stderr + stdout);
    assert.match(
      stdout,
      /── test \(step 1 of 1\)\nlang 1 runs \.\/app\.txt\nit breaks\n── failure/,
    );
    assert.match(stdout, /✓ The farm's result came again: failure \(test: exit code 3\)\n/);
  });

  it('has a green build green again', async () => {
    await start();
    const build = await built(appBuilder);

    const { status, stdout } = await reproduce(`${farm.url}/builds/${build}`);

    assert.equal(status, 0, stdout);
    assert.match(stdout, /✓ The farm's result came again: success\n/);
  });

  it('runs what the worker was told then, whatever the farm file says now', async () => {
    await start({ steps: ['- test: |', '    lang ./app.txt', '    test -z "$NEW"'] });
    const build = await built(appBuilder);
    const told = await farm.get(`/api/v1/builds/${build}/spec`, apiSpecSchema);
    writeFileSync(
      farm.farmPath,
      repositories.farm({
        artifacts: 'any',
        steps: ['- test: exit 1'],
        extra: 'limits: {log: 1MiB}',
      }),
    );
    farm.signal('SIGHUP');
    await farm.events.until('farm.applied', { after: farm.events.last });

    const { status, stdout } = await reproduce(build);

    assert.equal(status, 0, stdout);
    assert.deepEqual(await farm.get(`/api/v1/builds/${build}/spec`, apiSpecSchema), told);
  });

  it('has as few tests again as where the farm missed some, and names those that fail', async () => {
    const suite = (count: number, more = ''): string => {
      const lines = Array.from({ length: count }, (_, n) => `echo ok ${n + 1} - t${n}\n`);
      return `${lines.join('')}${more}echo 1..${count + (more === '' ? 0 : 1)}\n`;
    };
    const commit = (script: string) =>
      repositories.app.commit({ message: 'Tests', files: { 'app.txt': script } });
    await commit(suite(10));
    await start({ steps: ['- {name: test, run: sh ./app.txt, report: tap}'] });
    await built(appBuilder);
    const few = await builtOf(await commit(suite(4)));
    const red = await builtOf(await commit(suite(9, 'echo "not ok 10 - t9"\n')));

    const lost = await reproduce(few);
    const failed = await reproduce(red);

    assert.equal(lost.status, 0, lost.stdout);
    assert.match(lost.stdout, / {3}tests: 4 passed\n/);
    assert.match(lost.stdout, /✓ What the farm held against .*\(tests-vanished\) came again/);
    assert.match(lost.stdout, /4 tests, 0 skipped there, 4 tests, 0 skipped here/);
    assert.equal(failed.status, 0, failed.stdout);
    assert.match(failed.stdout, / {3}tests: 9 passed, 1 failed\n {5}t9\n/);
  });

  it('says that another result came, and of which step', async () => {
    const flag = join(dir, 'flag');
    await start({ steps: [`- test: lang ./app.txt && test ! -e ${flag}`] });
    const build = await built(appBuilder);
    writeFileSync(flag, '');

    const { status, stdout } = await reproduce(build, '--json');

    assert.equal(status, 1);
    const outcome = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(outcome['cameAgain'], false);
    assert.deepEqual(outcome['otherResults'], [
      { about: 'test', text: 'success there, failure (exit code 1) here' },
    ]);
  });

  it('builds a runtime first that the farm has no more, and then it is the very same', async () => {
    await start();
    const build = await built(appBuilder);
    await dropArtifacts();

    const { status, stdout } = await reproduce(build);

    assert.equal(status, 0, stdout);
    assert.match(
      stdout,
      /The farm does not have the runtime lang\/main\/here at \w{40}: it is built/,
    );
    assert.match(stdout, /── build \(step 1 of 1\)\n── success\n\n── test \(step 1 of 1\)\n/);
    assert.doesNotMatch(stdout, /byte for byte/);
  });

  it('builds the runtime first where workers keep theirs for themselves', async () => {
    await start({ artifacts: 'same-worker' });
    const build = await built(appBuilder);

    const { status, stdout } = await reproduce(build);

    assert.equal(status, 0, stdout);
    assert.match(stdout, /runtime +built here from its commit, as the farm shares none\n/);
  });

  it('makes the same artifact of a runtime', async () => {
    await start();
    const build = await built(runtimeBuilder);

    const { status, stdout } = await reproduce(build);

    assert.equal(status, 0, stdout);
    assert.match(stdout, /✓ The runtime is byte for byte the farm's: [0-9a-f]{64}\n/);
  });

  it('says when a runtime comes out as another one', async () => {
    const dice = 'head -c 20 /dev/urandom > "$WEIR_RUNTIME/bin/dice"';
    await start({
      build: `mkdir "$WEIR_RUNTIME/bin" && ${dice} && cp lang.sh "$WEIR_RUNTIME/bin/lang"`,
    });
    const build = await built(runtimeBuilder);

    const { status, stdout } = await reproduce(build);

    assert.equal(status, 0, stdout);
    assert.match(stdout, /! The runtime is another one than the farm's: packed here it is /);
  });

  it('leaves nothing behind, or with --dir the workspace and the runtime for the next time', async () => {
    await start();
    const build = await built(appBuilder);
    const kept = join(dir, 'kept');

    const first = await reproduce(build, '--dir', kept);
    assert.equal(first.status, 0, first.stdout);
    const workspace = join(kept, 'builds', String(build), 'work', 'src');
    assert.equal(readFileSync(join(workspace, 'app.txt'), 'utf8'), 'echo "the program works"\n');
    assert.ok(first.stdout.endsWith(`\nThe workspace is ${join(workspace, '..')}\n`), first.stdout);

    await dropArtifacts();
    const second = await reproduce(build, '--dir', kept);
    assert.equal(second.status, 0, second.stdout);
    assert.doesNotMatch(second.stdout, /it is built here first/);

    const before = readdirSync(tmpdir()).filter((name) => /^weir-\w{6}$/.test(name));
    await reproduce(build);
    const after = readdirSync(tmpdir()).filter((name) => /^weir-\w{6}$/.test(name));
    assert.deepEqual(
      after.filter((name) => !before.includes(name)),
      [],
    );
  });

  describe('a build with recorded dependencies', () => {
    /** Installs what an index has today, unless a list says what. */
    const install = (index: string): string[] => [
      '- name: prepare',
      '  network: true',
      `  run: test -e list.txt || cp ${index} list.txt`,
      '  resolved: [list.txt]',
      '- test: grep -q "beta 1" list.txt',
    ];

    it('has the same ones again, whatever there is today', async () => {
      const index = join(dir, 'index');
      writeFileSync(index, 'alpha 1\nbeta 1\n');
      await start({ steps: install(index) });
      const build = await built(appBuilder);
      writeFileSync(index, 'alpha 1\nbeta 2\n');

      const { status, stdout } = await reproduce(build);

      assert.equal(status, 0, stdout);
      assert.match(stdout, / recorded +list\.txt, [0-9a-f]{64}\n/);
      assert.doesNotMatch(stdout, /may be another today|list\.txt +/);
    });

    it('says what came to something else all the same', async () => {
      const index = join(dir, 'index');
      writeFileSync(index, 'alpha 1\nbeta 1\n');
      const steps = install(index).map((line) => line.replace('test -e list.txt || ', ''));
      await start({ steps });
      const build = await built(appBuilder);
      writeFileSync(index, 'alpha 1\nbeta 2\n');

      const { status, stdout } = await reproduce(build);

      assert.equal(status, 1, stdout);
      assert.match(
        stdout,
        / list\.txt +came to something else, though it was put in place: there beta 1; here beta 2\n/,
      );
      assert.match(stdout, /may be another today, by prepare\n/);
    });

    it('says what the farm has no more', async () => {
      const index = join(dir, 'index');
      writeFileSync(index, 'alpha 1\nbeta 1\n');
      await start({ steps: install(index) });
      const build = await built(appBuilder);
      await dropArtifacts();
      writeFileSync(index, 'alpha 1\nbeta 1\ngamma 1\n');

      const { status, stdout } = await reproduce(build);

      assert.equal(status, 0, stdout);
      assert.match(stdout, / list\.txt +is another here; the farm has what it was no more/);
    });
  });

  it('runs in the sandbox of workers', async function () {
    needs(this, 'bwrap');
    await start({ steps: ['- test: lang ./app.txt && echo "in $PWD" && test "$PWD" = /weir/src'] });
    await farm.addWorker({ name: 'w1', sandbox: 'bubblewrap' });
    const build = await ended(appBuilder);

    const { status, stdout } = await reproduce(build, '--sandbox', 'bubblewrap');

    assert.equal(status, 0, stdout);
    assert.match(stdout, /\nin \/weir\/src\n/);
    assert.doesNotMatch(stdout, /Not the same here/);
  });

  it('comes to no result where a commit can not be had', async () => {
    await start();
    const build = await built(appBuilder);

    const { status, stdout } = await reproduce(build, '--remote', `https://git.example/app=${dir}`);

    assert.equal(status, 1);
    assert.match(
      stdout,
      /✗ There is no result here: exception \(commit \w{40} can't be had from .+\)\n/,
    );
  });

  it('is in the one-file agent, which the page of a build names', async () => {
    await start();
    const build = await built(appBuilder);
    const page = `${farm.url}/builds/${build}`;
    const html = await (await fetch(page)).text();
    assert.ok(html.includes(`node weir-worker.mjs reproduce ${page}\n`), html);
    const agent = join(dir, 'weir-worker.mjs');
    writeFileSync(agent, await (await fetch(`${farm.url}/weir-worker.mjs`)).bytes());

    const { status, stdout } = spawnSync(
      process.execPath,
      [agent, 'reproduce', page, '--sandbox', 'none', ...remotes()],
      { encoding: 'utf8' },
    );

    assert.equal(status, 0, stdout);
  });

  it('ends at once by Ctrl-C, and leaves nothing running', async () => {
    const flag = join(dir, 'flag');
    const seconds = uniqueSeconds(7);
    await start({ steps: [`- test: "test ! -e ${flag} || { echo waits; sleep ${seconds}; }"`] });
    const build = await built(appBuilder);
    writeFileSync(flag, '');
    const kept = join(dir, 'kept');
    const words = ['reproduce', `${farm.url}/builds/${build}`, '--sandbox', 'none', '--dir', kept];
    const child = spawn(process.execPath, [weir, ...words, ...remotes()]);
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'waits') child.kill('SIGINT');
    }

    if (child.exitCode === null) await once(child, 'exit');
    assert.equal(child.exitCode, 130);
    assert.equal(countProcesses(seconds), 0);
  });

  it('says so of a build that the farm does not have', async () => {
    await start();

    const { status, stderr } = await reproduce(99);

    assert.equal(status, 1);
    assert.equal(stderr, 'weir reproduce: there is no build 99 (no-such-build)\n');
  });

  it('takes a build and a farm that nobody between can change', async () => {
    for (const args of [
      [],
      ['x'],
      ['1', '2'],
      ['1', '--farm', 'http://farm.example'],
      ['1', '--what'],
    ]) {
      const { status, stderr } = await runWeir(['reproduce', ...args]);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, /^weir reproduce: .+\n'weir reproduce --help' says how it is used\.\n$/);
    }
    assert.equal(existsSync(join(dir, 'kept')), false);
  });
});
