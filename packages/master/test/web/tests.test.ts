import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  buildTestsSchema,
  encodeTestNames,
  encodeTestResults,
  testRunSchema,
} from '@weir/protocol';
import type { ApiBuildTests, StepReport, TestResults } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { finishStep } from '../../src/store/builds.ts';
import { markLogsDropped } from '../../src/store/retention.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  projectBuilder,
  start,
  startSmallFarm,
} from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';
import { addObject, addTests } from './test-lists.ts';
import type { GivenTests } from './test-lists.ts';

const runsSchema = z.object({ items: z.array(testRunSchema), next: z.string().nullable() });

describe('the tests of a build', () => {
  let farm: SmallFarm;
  let worker: number;

  beforeEach(async () => {
    farm = await startSmallFarm();
    await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1');
  });
  afterEach(() => farm?.[Symbol.asyncDispose]());

  /** One more build of the project, with these tests in its only step; its id. */
  async function built(tests: GivenTests, result: 'success' | 'failure' = 'success') {
    const request = await addRequest(farm, projectBuilder, { upstream: 1 });
    const { build } = await addBuild(farm, request, worker);
    const report = await addTests(farm, build, tests);
    await endBuild(farm, build, result);
    return { id: build.id, report };
  }

  async function get(build: number, query = ''): Promise<ApiBuildTests> {
    const response = await fetch(`${farm.url}/api/v1/builds/${build}/tests${query}`);
    assert.equal(response.status, 200, await response.clone().text());
    return buildTestsSchema.parse(await response.json());
  }

  async function text(path: string): Promise<string> {
    const response = await fetch(farm.url + path, { headers: { accept: 'text/html' } });
    return response.text();
  }

  async function problem(path: string): Promise<[number, string]> {
    const response = await fetch(`${farm.url}/api/v1/builds/${path}`);
    const { detail } = (await response.json()) as { detail: string };
    return [response.status, detail];
  }

  it('are listed by name, against the last green build', async () => {
    await built({ adds: 'passed', gone: 'passed', slow: { outcome: 'passed', ms: 1_000 } });
    await built({ adds: 'failed' }, 'failure');
    const note = { text: 'assert 1 == 2', hash: '0123456789abcdef' };
    const { id } = await built(
      {
        adds: { outcome: 'failed', note, attempts: 2 },
        slow: { outcome: 'passed', ms: 9_000 },
        young: 'skipped',
      },
      'failure',
    );

    const { base, changes, items, next, total } = await get(id);

    assert.deepEqual([base?.number, next, total], [1, null, 3]);
    assert.deepEqual(
      Object.entries(changes).filter(([, count]) => count > 0),
      [
        ['newly-failing', 1],
        ['vanished', 1],
        ['slower', 1],
        ['new', 1],
      ],
    );
    assert.deepEqual(items[0], {
      name: 'adds',
      outcome: 'failed',
      durationMs: null,
      attempts: 2,
      message: 'assert 1 == 2',
      messageHash: '0123456789abcdef',
      change: 'newly-failing',
      before: { outcome: 'passed', durationMs: null },
    });
    assert.deepEqual(
      items.map(({ name, change }) => [name, change]),
      [
        ['adds', 'newly-failing'],
        ['slow', 'slower'],
        ['young', 'new'],
      ],
    );
  });

  it('are searched, filtered and paged', async () => {
    await built({ 'a.adds': 'passed', 'a.subtracts': 'passed', 'b.adds': 'passed', old: 'passed' });
    const { id } = await built({
      'a.adds': 'failed',
      'a.subtracts': 'passed',
      'b.adds': 'skipped',
      'b.new': 'failed',
    });
    const namesOf = async (query: string): Promise<string[]> =>
      (await get(id, query)).items.map(({ name }) => name);

    assert.deepEqual(await namesOf('?q=ADDS'), ['a.adds', 'b.adds']);
    assert.deepEqual(await namesOf('?outcome=failed'), ['a.adds', 'b.new']);
    assert.deepEqual(await namesOf('?outcome=failed&q=b.'), ['b.new']);
    assert.deepEqual(await namesOf('?change=any'), ['a.adds', 'b.new', 'old', 'b.adds']);
    assert.deepEqual(await namesOf('?change=vanished'), ['old']);
    const first = await get(id, '?change=any&limit=3');
    assert.equal(first.total, 4);
    assert.deepEqual(await namesOf(`?change=any&limit=3&cursor=${first.next ?? ''}`), ['b.adds']);
    const page = await get(id, '?limit=3');
    assert.deepEqual(await namesOf(`?limit=3&cursor=${page.next ?? ''}`), ['b.new']);
  });

  it('have nothing to be held against in the first build', async () => {
    const { id } = await built({ adds: 'passed' });

    const { base, changes, items } = await get(id);

    assert.equal(base, null);
    assert.ok(Object.values(changes).every((count) => count === 0));
    assert.deepEqual([items[0]?.change, items[0]?.before], [null, null]);
  });

  it('are none of a build that is not there, or names none', async () => {
    const request = await addRequest(farm, projectBuilder, { upstream: 1 });
    const { build } = await addBuild(farm, request, worker);

    assert.deepEqual(await problem('99/tests'), [404, 'there is no build 99']);
    const none = [404, 'no report names the tests of that step'];
    assert.deepEqual(await problem(`${build.id}/tests`), none);
    assert.deepEqual((await problem(`${build.id}/tests?outcome=good`))[0], 400);
  });

  it('say so when their list is not here, or not yet', async () => {
    const { id, report } = await built({ adds: 'passed' });
    const { sha256 } = report.tests?.results ?? { sha256: '' };
    rmSync(join(dirname(farm.storePath), 'objects', sha256.slice(0, 2), sha256));

    const lost = 'the list of these tests is not here: it did not come in time, or got lost';
    assert.deepEqual(await problem(`${id}/tests`), [404, lost]);
    assert.match(await text(`/builds/${id}/tests`), /did not come in time, or got lost/);

    const running = await addBuild(
      farm,
      await addRequest(farm, projectBuilder, { upstream: 1 }),
      worker,
    );
    await addTests(farm, running.build, { adds: 'passed', more: 'passed' });
    rmSync(join(dirname(farm.storePath), 'objects'), { recursive: true });
    const late = [404, 'the list of these tests has not come yet'];
    assert.deepEqual(await problem(`${running.build.id}/tests`), late);
  });

  it('say so when their list went with the logs', async () => {
    const { id } = await built({ adds: 'passed' });
    await farm.store.unit((db) => markLogsDropped(db, [id], start));

    const [status, detail] = await problem(`${id}/tests`);

    assert.equal(status, 404);
    assert.match(String(detail), /is not kept any more: it goes with the logs/);
    assert.match(await text(`/builds/${id}/tests`), /is not kept any more/);
  });

  const results: TestResults = {
    outcomes: Uint8Array.of(0),
    durations: Uint8Array.of(0),
    attempts: new Map(),
    notes: new Map(),
  };
  const broken: readonly (readonly [string, Uint8Array, Uint8Array, RegExp])[] = [
    ['no list', encodeTestNames(['a']), Buffer.from('what?'), /byte 4: no test results/],
    ['two lists', encodeTestNames(['a', 'b']), encodeTestResults(results), /of two lists/],
    ['a bomb', encodeTestNames(['a']), new Uint8Array(20_000_000), /can't be read/],
  ];
  for (const [what, names, bytes, message] of broken) {
    it(`are refused with a reason when a worker brought ${what}`, async () => {
      const { id, report } = await built({ adds: 'passed' });
      const tests = { names: addObject(farm, names), results: addObject(farm, bytes) };
      const broke: StepReport = { ...report, tests };
      await farm.store.unit((db) =>
        finishStep(db, id, 0, {
          result: 'success',
          findings: [],
          exitCode: 0,
          signal: null,
          text: '',
          report: broke,
          at: start,
        }),
      );

      const [status, detail] = await problem(`${id}/tests`);

      assert.equal(status, 404);
      assert.match(detail, message);
      const next = await built({ adds: 'passed' });
      assert.equal((await get(next.id)).base, null);
    });
  }

  it('have a page: what changed comes first, names are escaped, and each leads to its history', async () => {
    await built({ '<b>': 'passed', gone: 'passed' });
    const note = { text: 'a <i> b', hash: '0123456789abcdef' };
    const { id } = await built({ '<b>': { outcome: 'failed', note } }, 'failure');

    const page = await text(`/builds/${id}/tests`);
    const build = await text(`/builds/${id}`);

    const to = `/tests?builder=${encodeURIComponent(projectBuilder)}&amp;step=test&amp;name=%3Cb%3E`;
    assert.match(page, /1 newly failing/);
    assert.match(page, /1 vanished/);
    assert.ok(page.includes(`href="${to}"`) && build.includes(`href="${to}"`));
    assert.ok(page.includes('a &lt;i&gt; b') && !page.includes('<i>'));
    assert.ok(build.includes(`href="/builds/${id}/tests?step=0"`));
    assert.match(await text(`/builds/${id}/tests?q=nothing&outcome=&change=`), /None\./);
  });

  it('have a history, newest build first, of builds with a list of them', async () => {
    const hashes = ['0123456789abcdef', 'fedcba9876543210'];
    const failed = hashes.map(
      (hash) => ({ outcome: 'failed', note: { text: hash, hash } }) as const,
    );
    await built({ adds: 'passed' });
    await built({ adds: failed[0] ?? 'failed' }, 'failure');
    await built({ other: 'passed' });
    await built({ adds: failed[1] ?? 'failed' }, 'failure');

    const query = `builder=${encodeURIComponent(projectBuilder)}&step=test`;
    const page = await text(`/tests?${query}&name=adds`);
    const unknown = await text(`/tests?${query}&name=subtracts`);

    assert.match(page, /Of its last 4 builds .* it was there in 3, and failed in 2, in 2 ways/);
    const rows = page.split('<tbody>')[1]?.split('<tr>').slice(1) ?? [];
    const words = rows.map((row) => /passed|failed|not there/.exec(row)?.[0]);
    assert.deepEqual(words, ['failed', 'not there', 'failed', 'passed']);
    assert.match(unknown, /it was there in 0, and failed in 0\./);
    assert.match(await text(`/tests?${query}`), /named by builder, step and name/);
  });

  it('have the same history in the API, a page at a time', async () => {
    const note = { text: 'assert 1 == 2', hash: '0123456789abcdef' };
    await built({ adds: { outcome: 'passed', ms: 1_000 } });
    await built({ other: 'passed' });
    await built({ adds: { outcome: 'failed', note, attempts: 2 } }, 'failure');
    const query = new URLSearchParams({ builder: projectBuilder, step: 'test', name: 'adds' });
    const history = async (more: string) => {
      const response = await fetch(`${farm.url}/api/v1/tests?${query.toString()}${more}`);
      assert.equal(response.status, 200, await response.clone().text());
      return runsSchema.parse(await response.json());
    };

    const { items, next } = await history('&limit=2');
    const rest = await history(`&limit=2&cursor=${next}`);

    assert.deepEqual(
      [...items, ...rest.items].map(({ build, test }) => [build.number, test?.outcome]),
      [
        [3, 'failed'],
        [2, undefined],
        [1, 'passed'],
      ],
    );
    assert.equal(rest.next, null);
    assert.deepEqual(items[0]?.test, {
      outcome: 'failed',
      durationMs: null,
      attempts: 2,
      message: 'assert 1 == 2',
      messageHash: '0123456789abcdef',
    });
    const refused = ['', '?builder=x&step=test&name=adds', `?${query.toString()}&cursor=x`];
    const statuses = refused.map(
      async (each) => (await fetch(`${farm.url}/api/v1/tests${each}`)).status,
    );
    assert.deepEqual(await Promise.all(statuses), [400, 404, 400]);
  });
});
