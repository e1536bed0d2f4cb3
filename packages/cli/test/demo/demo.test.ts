import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readFarmText } from '@weir/master';
import { buildersOf } from '@weir/model';
import type { Farm } from '@weir/model';
import type { StepSpec } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { judgeReport } from '../../../worker/src/report/judge.ts';
import { readReport } from '../../../worker/src/report/read-report.ts';
import { demoFarmText, demoPlatforms } from '../../src/demo/farm-text.ts';
import { git } from '../../src/demo/git.ts';
import { pageIntroduction } from '../../src/demo/introduction.ts';
import { PackageIndex } from '../../src/demo/package-index.ts';
import { playDemo } from '../../src/demo/play.ts';
import { createDemoRepositories, demoNames } from '../../src/demo/repositories.ts';
import type { DemoRepositories } from '../../src/demo/repositories.ts';
import { stories } from '../../src/demo/scenes.ts';

const run = promisify(execFile);

describe('the demo', () => {
  let dir: string;
  let repositories: DemoRepositories;
  let index: PackageIndex;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-demo-'));
    repositories = await createDemoRepositories(join(dir, 'repositories'));
    index = await PackageIndex.start(repositories);
  });
  afterEach(async () => {
    await index[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  it('has repositories with a history of several people', async () => {
    const authors = new Set<string>();
    for (const name of demoNames) {
      const folder = repositories.folders[name];
      const commits = (await git(folder, ['log', '--format=%an', 'main'])).trim().split('\n');
      assert.ok(commits.length >= 2, name);
      for (const author of commits) authors.add(author);
      assert.equal(await git(folder, ['status', '--porcelain']), '');
    }
    assert.equal(authors.size, 6);
  });

  it('is green at first, and after each commit red where its story says', async function () {
    this.timeout(120_000);
    assert.deepEqual(await redBuilders(), []);

    await playDemo({
      repositories,
      index,
      isTime: () => Promise.resolve(true),
      onScene: async ({ message, red, redOn, indexIsBusy }) => {
        // The server is asked by whichever platform is first.
        const flaky = indexIsBusy === true ? ['dice on full'] : [];
        const platforms = redOn === undefined ? demoPlatforms : [redOn];
        const expected = platforms.flatMap((platform) =>
          red.map((name) => `${name} on ${platform}`),
        );
        assert.deepEqual(await redBuilders(), [...flaky, ...expected], message);
        if (indexIsBusy === true) assert.deepEqual(await redBuilders(), [], 'once only');
      },
    });

    assert.deepEqual(await redBuilders(), []);
  });

  it('stops playing when it is told to', async () => {
    const isOver = await playDemo({ repositories, index, isTime: () => Promise.resolve(false) });

    assert.equal(isOver, false);
    assert.match(await git(repositories.folders.pebble, ['log', '-1', '--format=%s']), /^Install/);
  });

  it('has a farm file that means a column for each project on each platform', () => {
    const { remotes, upstreams } = farm();

    assert.equal(buildersOf(farm()).length, 10);
    assert.deepEqual(remotes, repositories.remotes);
    assert.deepEqual([...upstreams.keys()], ['pebble']);
  });

  it('says on its page which stories were told, and which goes on', () => {
    const lines = pageIntroduction(stories[1]);

    const marks = lines.map((line) => line.charAt(0)).filter((mark) => '✓▶·'.includes(mark));
    assert.deepEqual(marks.join('').replaceAll(/·+$/g, '·'), '✓▶·');
  });

  it('has a package index that serves what git asks for, and nothing else', async () => {
    const statusOf = async (path: string): Promise<number> => {
      const response = await fetch(`${index.url}${path}`);
      await response.arrayBuffer();
      return response.status;
    };

    assert.equal(await statusOf('/roman.git/HEAD'), 200);
    assert.equal(await statusOf('/roman.git/config'), 404);
    assert.equal(await statusOf('/roman.git/objects/..%2fconfig'), 404);
    assert.equal(await statusOf('/other.git/HEAD'), 404);
    index.refuseOnce('roman');
    assert.equal(await statusOf('/dice.git/HEAD'), 200);
    assert.equal(await statusOf('/roman.git/HEAD'), 503);
    assert.equal(await statusOf('/roman.git/HEAD'), 200);
  });

  function farm(): Farm {
    const introduction = pageIntroduction(undefined);
    const text = demoFarmText(repositories, { indexUrl: index.url, introduction });
    const reading = readFarmText(text, join(dir, 'farm.yaml'));
    assert.ok(reading.ok, JSON.stringify(reading));
    return reading.farm;
  }

  /** Runs a step, and reads its report as a worker does. @throws Error when it does not pass */
  async function passes(
    { run: script, report }: StepSpec,
    place: { cwd: string; env: Record<string, string> },
  ): Promise<void> {
    const { stdout } = await run('sh', ['-ec', script], place);
    if (report === undefined) return;
    await writeFile(join(place.cwd, 'printed'), stdout);
    const spec = { ...report, files: ['printed'] };
    const read = readReport({
      spec,
      workspace: place.cwd,
      spool: '',
      objects: null,
      maxBytes: 1_000_000,
    });
    const passed = {
      result: 'success',
      findings: [],
      exitCode: 0,
      signal: null,
      text: '',
    } as const;
    const { result, text } = judgeReport({ ...passed, findings: [] }, read);
    assert.equal(result, 'success', text);
  }

  /** Runs the steps of the farm file as a worker would: Pebble's, then each project's with it. */
  async function redBuilders(): Promise<string[]> {
    const { upstreams, projects } = farm();
    const pebble = upstreams.get('pebble');
    assert.ok(pebble);
    const red: string[] = [];
    for (const platform of demoPlatforms) {
      const runtime = join(dir, 'runtime');
      await rm(runtime, { recursive: true, force: true });
      const env = {
        PATH: `${runtime}/bin:/usr/bin:/bin`,
        TMPDIR: dir,
        WEIR_RUNTIME: runtime,
        WEIR_PLATFORM: platform,
        PEBBLE_INDEX: index.url,
      };
      for (const { name, steps } of [pebble, ...projects.values()]) {
        const cwd = join(dir, 'src');
        await rm(cwd, { recursive: true, force: true });
        const folder = Object.entries(repositories.folders).find(([known]) => known === name)?.[1];
        await cp(folder ?? '', cwd, { recursive: true });
        try {
          for (const step of steps) await passes(step, { cwd, env });
        } catch {
          red.push(`${name} on ${platform}`);
        }
      }
    }
    return red;
  }
});
