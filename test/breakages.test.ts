import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { breakageSchema, buildSchema, requestSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess, token } from './support/farm-process.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { isOnPostgres } from './support/test-store.ts';
import { weir as program } from './support/weir-program.ts';

describe('a red builder', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let dir: string;
  /** The project's suite fails as often as the number in this file says, and counts it down. */
  let failures: string;
  /** The same for the build of the language. */
  let runtimeFailures: string;

  before(async () => {
    repositories = await createSmallFarm();
    dir = await mkdtemp(join(tmpdir(), 'weir-breakages-'));
    failures = join(dir, 'failures');
    runtimeFailures = join(dir, 'runtime-failures');
    await writeFile(failures, '0');
    await writeFile(runtimeFailures, '0');
    const luck = (file: string): string =>
      `- luck: 'n=$(cat ${file}); test "$n" -eq 0 || { echo $((n - 1)) > ${file}; echo bad luck; exit 1; }'`;
    farm = await FarmProcess.start({
      farm: repositories
        .farm({ steps: [luck(failures), '- test: lang ./app.txt'] })
        .replace('- build: |', `${luck(runtimeFailures)}\n      - build: |`),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1', sandbox: 'none' });
    await farm.addWorker({ name: 'w2', sandbox: 'none' });
    await farm.events.until('build.finished', { data: { builder: appBuilder, result: 'success' } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  async function weir(...words: string[]): Promise<string> {
    const env = { ...process.env, WEIR_URL: farm.url, WEIR_ADMIN_TOKEN: token };
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], { env });
    return stdout;
  }

  const workerOf = async (build: string): Promise<unknown> =>
    ((await (await fetch(new URL(`/api/v1/${build}`, farm.url))).json()) as { worker: unknown })
      .worker;

  it('that a second run finds green is a flake: no breakage', async () => {
    const { last } = farm.events;
    await writeFile(failures, '1');
    await repositories.app.commit({ message: 'Change nothing that matters', files: { a: '1' } });

    const suspected = await farm.events.until('builder.suspected', { after: last });
    const again = await farm.get(
      `/api/v1/requests/${String(suspected.data['again'])}`,
      requestSchema,
    );
    const cleared = await farm.events.until('builder.cleared', { after: last });

    assert.equal(suspected.subject, `builder/${appBuilder}`);
    assert.deepEqual([again.reason, again.requestedBy], ['again', 'engine']);
    assert.equal(cleared.data['red'], suspected.data['build']);
    assert.ok(!farm.events.all.some(({ kind }) => kind === 'breakage.opened'));
  });

  it('that a second run, on another worker, finds red is one breakage, until it is green', async () => {
    let { last } = farm.events;
    await repositories.lang.commit({
      message: 'Forget how to run programs',
      files: { 'lang.sh': '#!/bin/sh\necho "cannot run $1" >&2\nexit 3\n' },
    });

    const suspected = await farm.events.until('builder.suspected', { after: last });
    const opened = await farm.events.until('breakage.opened', { after: last });

    assert.equal(opened.data['title'], 'app (test)');
    assert.equal(opened.data['builder'], appBuilder);
    const first = await workerOf(`builds/${String(suspected.data['build'])}`);
    const second = await workerOf(`builds/${String(opened.data['build'])}`);
    assert.deepEqual(new Set([first, second]), new Set(['w1', 'w2']));

    const path = `/api/v1/${opened.subject.replace('/', 's/')}`;
    const id = opened.subject.slice('breakage/'.length);
    assert.match(
      await weir('status'),
      new RegExp(`breakage ${id}: app \\(test\\).*nobody is on it`),
    );
    await weir('acknowledge', id, '--by', 'Ada', '--hours', '2', '--reason', 'reverting it');
    assert.match(await weir('status'), /Ada is on it/);
    const breakage = await farm.get(path, breakageSchema);
    assert.deepEqual(
      [breakage.state, breakage.moved, breakage.acknowledged?.by, breakage.builders],
      ['open', 'upstream', 'Ada', [appBuilder]],
    );
    assert.deepEqual(
      breakage.suspects.map(({ branch, changes }) => [branch, changes.map((c) => c.subject)]),
      [['lang/main', ['Forget how to run programs']]],
    );

    last = farm.events.last;
    await repositories.lang.commit({
      message: 'Remember, and do it better',
      files: { 'lang.sh': '#!/bin/sh\n. "$1"\n' },
    });
    const closed = await farm.events.until('breakage.closed', { after: last });
    assert.equal(closed.subject, opened.subject);
    assert.equal((await farm.get(path, breakageSchema)).shows[0]?.fixedBuild, closed.data['build']);
    const kinds = farm.events.all
      .map(({ kind }) => kind)
      .filter((kind) => kind.startsWith('breakage.'));
    assert.deepEqual(kinds, ['breakage.opened', 'breakage.acknowledged', 'breakage.closed']);
  });

  it('is confirmed after a kill -9 in between, once', async () => {
    let { last } = farm.events;
    await repositories.app.commit({ message: 'Misspell', files: { 'app.txt': 'ecko no\n' } });
    await farm.events.until('builder.suspected', { after: last });
    await farm.kill();
    await farm.start();
    const opened = await farm.events.until('breakage.opened', { after: last });
    last = farm.events.last;
    await repositories.app.commit({ message: 'Spell', files: { 'app.txt': 'echo yes\n' } });
    const closed = await farm.events.until('breakage.closed', { after: last });
    assert.equal(closed.subject, opened.subject);
    assert.equal(farm.events.all.filter(({ kind }) => kind === 'breakage.opened').length, 2);
  });

  it('whose runtime failed once is built after all when a second run makes the runtime', async () => {
    const { last } = farm.events;
    await writeFile(runtimeFailures, '1');
    const commit = await repositories.lang.commit({ message: 'Same as before', files: { b: '1' } });

    // On a server the second run is often asked for before anything is skipped: then it is waited for.
    if (!isOnPostgres) {
      await farm.events.until('request.skipped', { after: last, data: { builder: appBuilder } });
    }
    const cleared = await farm.events.until('builder.cleared', { after: last });
    assert.equal(cleared.subject, `builder/${runtimeBuilder}`);
    const finished = await farm.events.until('build.finished', {
      after: cleared.number,
      data: { builder: appBuilder, result: 'success' },
    });
    const build = await farm.get(`/api/v1/${finished.subject.replace('/', 's/')}`, buildSchema);
    assert.equal(build.revisions.upstream, commit);
  });

  it('whose runtime failed is no breakage of its own', async () => {
    const { last } = farm.events;
    await repositories.lang.git('rm', '--quiet', 'lang.sh');
    await repositories.lang.commit({ message: 'Lose the program', files: {} });
    const opened = await farm.events.until('breakage.opened', { after: last });
    assert.equal(opened.data['title'], 'lang/main (build)');
    assert.equal(opened.data['builder'], runtimeBuilder);
    const suspected = farm.events.all.filter(
      ({ number, kind }) => number > last && kind === 'builder.suspected',
    );
    assert.deepEqual(
      suspected.map(({ subject }) => subject),
      [`builder/${runtimeBuilder}`],
    );
  });
});
