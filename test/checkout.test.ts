import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema } from '@weir/protocol';
import type { ApiBuild } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { GitRepository } from './support/git-repository.ts';
import { needs } from './support/needs.ts';
import { createSmallFarm } from './support/small-farm.ts';
import type { SmallFarm } from './support/small-farm.ts';

const builder = 'lang/main/whole/here';

describe('a project with a checkout of its own', () => {
  let repositories: SmallFarm;
  let dir: string;
  let lib: GitRepository;
  let whole: GitRepository;
  let farm: FarmProcess;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-checkout-'));
    repositories = await createSmallFarm();
    lib = await GitRepository.create(join(dir, 'lib'));
    whole = await GitRepository.create(join(dir, 'whole'));
    const pinned = await lib.commit({
      message: 'A library',
      files: { 'lib.txt': 'of a library\n' },
    });
    await lib.commit({ message: 'Newer', files: { 'lib.txt': 'newer\n' } });
    await whole.commit({ message: 'Before', files: { a: 'a\n' } });
    await pin(pinned, '../lib.git');
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Adds the library as a submodule. */
  async function pin(commit: string, url: string): Promise<void> {
    const modules = `[submodule "lib"]\n\tpath = deps/lib\n\turl = ${url}\n`;
    await whole.commit({ message: 'Name it', files: { '.gitmodules': modules } });
    await whole.git('update-index', '--add', '--cacheinfo', `160000,${commit},deps/lib`);
    await whole.git('commit', '--quiet', '--message', 'Pin it');
  }

  async function built(
    { checkout, run }: { checkout: string; run: string },
    sandbox: 'none' | 'bubblewrap' = 'none',
  ): Promise<{ build: ApiBuild; log: string }> {
    const beside = [
      '  whole:',
      '    repository: https://git.example/whole',
      '    trunks: [lang/main]',
      '    stable-for: 0s',
      '    poll: 1s',
      `    checkout: ${checkout}`,
      '    steps:',
      `      - test: ${run}`,
      '',
    ].join('\n');
    farm = await FarmProcess.start({
      farm: repositories.farm({ beside }),
      remotes: new Map([
        ...repositories.remotes,
        ['https://git.example/whole', whole.path],
        ['https://git.example/lib.git', lib.path],
      ]),
    });
    await farm.addWorker({ name: 'w1', sandbox });
    const { subject } = await farm.events.until('build.finished', { data: { builder } });
    const id = subject.slice('build/'.length);
    const build = await farm.get(`/api/v1/builds/${id}`, buildSchema);
    const log = await fetch(`${farm.url}/api/v1/logs/${build.steps[0]?.log?.id}`);
    return { build, log: await log.text() };
  }

  it('has its submodules at their pinned commits, each a repository, and so much history', async function () {
    needs(this, 'bwrap');
    const run =
      'cat deps/lib/lib.txt; git -C deps/lib log --format=%s; git log --format=%s; git status -s';

    const { build, log } = await built(
      { checkout: '{ submodules: recursive, depth: 1 }', run },
      'bubblewrap',
    );

    assert.equal(build.result, 'success', log);
    assert.equal(log, 'of a library\nA library\nPin it\n');
  });

  it('comes to no result, and says why, where a submodule is from a place that is refused', async () => {
    await pin((await lib.git('rev-parse', 'HEAD')).trim(), 'ssh://git@git.example/lib');

    const { build } = await built({
      checkout: '{ submodules: true }',
      run: 'cat deps/lib/lib.txt',
    });

    assert.equal(build.result, 'exception');
    assert.match(build.text, /submodule "ssh:\/\/git@git\.example\/lib" is refused: only https/);
  });
});
