import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readFarmText } from '@weir/master';
import { buildersOf } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { demoFarmText } from '../../src/demo/farm-text.ts';
import { git } from '../../src/demo/git.ts';
import { landScene, playDemo } from '../../src/demo/play.ts';
import { createDemoRepositories, demoNames } from '../../src/demo/repositories.ts';
import type { DemoName, DemoRepositories } from '../../src/demo/repositories.ts';
import { scenes } from '../../src/demo/scenes.ts';

const run = promisify(execFile);

describe('the demo', () => {
  let dir: string;
  let repositories: DemoRepositories;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-demo-'));
    repositories = await createDemoRepositories(join(dir, 'repositories'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('has repositories with a history of several people', async () => {
    for (const name of demoNames) {
      const folder = repositories.folders[name];
      const commits = (await git(folder, ['log', '--format=%an', 'main'])).trim().split('\n');
      assert.ok(commits.length >= 2, name);
      assert.equal(await git(folder, ['status', '--porcelain']), '');
    }
    const authors = await git(repositories.folders.pebble, ['log', '--format=%an', '1.x']);
    assert.equal(new Set(authors.trim().split('\n')).size, 2);
  });

  it('has suites that are green at first, and after each scene red where the scene says', async function () {
    this.timeout(60_000);
    assert.deepEqual(await redSuites(), []);
    for (const scene of scenes) {
      await landScene(repositories, scene);
      assert.deepEqual(await redSuites(), scene.red, scene.message);
    }
  });

  it('plays its scenes one after another', async () => {
    const played: string[] = [];

    await playDemo(repositories, AbortSignal.timeout(60_000), {
      pauseMs: 0,
      onScene: ({ message }) => played.push(message),
    });

    assert.deepEqual(
      played,
      scenes.map(({ message }) => message),
    );
  });

  it('stops playing by its signal, without an error', async () => {
    const abort = new AbortController();
    const playing = playDemo(repositories, abort.signal, { pauseMs: 3_600_000 });

    abort.abort();

    await playing;
    assert.match(await git(repositories.folders.pebble, ['log', '-1', '--format=%s']), /^Test/);
  });

  it('has a farm file that means a column for each trunk and project', () => {
    const reading = readFarmText(demoFarmText(repositories), join(dir, 'farm.yaml'));

    assert.ok(reading.ok, JSON.stringify(reading));
    assert.equal(buildersOf(reading.farm).length, 6);
    assert.deepEqual(reading.farm.remotes, repositories.remotes);
  });

  /** Installs Pebble with the step that the farm file names, and runs all suites with it. */
  async function redSuites(): Promise<DemoName[]> {
    const prefix = join(dir, 'runtime');
    const { folders } = repositories;
    await run('sh', ['build.sh', prefix], { cwd: folders.pebble });
    const env = { PATH: `${prefix}/bin:/usr/bin:/bin`, TMPDIR: dir };
    const red: DemoName[] = [];
    for (const name of demoNames) {
      try {
        await run('sh', ['test/run.sh'], { cwd: folders[name], env });
      } catch {
        red.push(name);
      }
    }
    return red;
  }
});
