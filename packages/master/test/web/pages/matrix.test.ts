import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import {
  addBreakage,
  addBuild,
  addRequest,
  addWorker,
  endBuild,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

const projects = Array.from(
  { length: 40 },
  (_, index) => `  p${index}:\n    trunks: [python/main]`,
);
const text = `
farm: Test farm
artifacts: same-worker
platforms:
  linux: [linux, x64]
  musl: [linux, musl]
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}, v5: {}}
    steps: [{build: make}]
  python:
    repository: https://git.example/python
    trunks: {main: {}}
    platforms: [linux]
    steps: [{build: make}]
projects:
  json:
    repository: https://git.example/json
    trunks: [lua/master, lua/v5]
    exclude: [{trunk: lua/v5, platform: musl}]
    steps: [{test: lua test.lua}]
  lume:
    trunks: [lua/master]
    steps: [{test: lua test.lua}]
${projects.map((project) => `${project}\n    steps: [{test: python -m test}]\n`).join('')}`;

describe('the matrix', () => {
  let farm: SmallFarm;
  let worker: number;

  before(async () => {
    farm = await startSmallFarm({}, text);
    worker = await addWorker(farm, 'w1', { slots: 9 });
    await built('lua/master/linux', 'success', 'failure');
    await addBreakage(farm, { green: 1, red: 2 });
    await built('lua/master/json/linux', 'success', 'failure', 'failure');
    await built('lua/master/json/musl', 'success');
    await built('lua/v5/json/linux', 'failure', 'failure');
    await built('lua/master/lume/linux', 'success', 'lost');
    await built('python/main/p39/linux', 'success', 'failure');
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function built(
    builder: string,
    ...results: readonly ('success' | 'failure' | 'lost')[]
  ): Promise<void> {
    for (const result of results) {
      const made = await addBuild(farm, await addRequest(farm, builder, { upstream: 1 }), worker);
      await endBuild(farm, made.build, result);
    }
  }

  async function page(query = ''): Promise<string> {
    const response = await fetch(`${farm.url}/matrix${query}`);
    const body = await response.text();
    assert.equal(response.status, 200, body);
    return body;
  }

  /** The words of each row's cells, by what heads the row. */
  async function rows(query = ''): Promise<Map<string, string[]>> {
    const found = (await page(query)).matchAll(
      /<tr>\s*<th scope="row"[^>]*>([^]*?)<\/th>([^]*?)<\/tr>/g,
    );
    return new Map(
      [...found].map(([, head = '', cells = '']) => [
        wordsOf(head),
        [...cells.matchAll(/<td[^>]*>([^]*?)<\/td>/g)].map(([, cell = '']) => wordsOf(cell)),
      ]),
    );
  }

  /** The titles of all links in the cells, with where they lead. */
  async function links(query = ''): Promise<Map<string, string>> {
    const found = (await page(query)).matchAll(
      /<a class="chip[^"]*" href="([^"]*)" title="([^"]*)"/g,
    );
    return new Map([...found].map(([, path = '', title = '']) => [title, path]));
  }

  async function headsOf(query = ''): Promise<string> {
    const [, head = ''] = /<thead>([^]*?)<\/thead>/.exec(await page(query)) ?? [];
    return wordsOf(head);
  }

  /** Oldest first. */
  async function buildsOf(builder: string): Promise<number[]> {
    const response = await fetch(`${farm.url}/api/v1/builds?builder=${builder}`);
    const { items } = (await response.json()) as { items: { id: number }[] };
    return items.map(({ id }) => id).toReversed();
  }

  it('has a column for each trunk below its upstream, and a row for the runtime and each project', async () => {
    assert.equal(await headsOf(), 'Project lua python master 2 red v5 main 1 red');
    const found = await rows();
    assert.deepEqual([...found.keys()].slice(0, 3), ['the runtime itself', 'json 1 red', 'lume']);
    assert.equal(found.get('lume')?.length, 3);
  });

  it('spells out the worst platform of a cell with its age, and marks the others', async () => {
    const [master] = (await rows()).get('json 1 red') ?? [];

    assert.match(master ?? '', /^✗ L linux: red .* ago ✓ M… musl: green, offline .* ago$/);
  });

  it('says where a project is not tested: without a platform that it excludes, or at all', async () => {
    const [, v5, python] = (await rows()).get('json 1 red') ?? [];

    assert.match(v5 ?? '', /^○ L linux: never green/);
    assert.doesNotMatch(v5 ?? '', /musl/);
    assert.equal(python, 'not tested');
  });

  it('leads in one click to why: to the breakage, else to the build behind the verdict', async () => {
    const found = await links();
    const [green] = await buildsOf('lua/master/json/musl');
    const [, red] = await buildsOf('lua/master/json/linux');
    const [, never] = await buildsOf('lua/v5/json/linux');

    assert.equal(found.get('lua/master/linux: red, see breakage 1'), '/breakages/1');
    assert.equal(
      found.get('lua/master/json/linux: red, see the build that turned it red'),
      `/builds/${red}`,
    );
    assert.equal(
      found.get('lua/master/json/musl: green, offline, see the last green build'),
      `/builds/${green}`,
    );
    assert.equal(
      found.get('lua/v5/json/linux: never green, see the last build'),
      `/builds/${never}`,
    );
    assert.equal(found.get('lua/v5/linux: unknown, see the builder'), '/builders/lua/v5/linux');
    for (const path of found.values()) {
      assert.equal((await fetch(farm.url + path)).status, 200, path);
    }
  });

  it('says what may make a verdict old news, and what builds now', async () => {
    const waiting = await addRequest(farm, 'lua/v5/linux', { upstream: 1 });
    await farm.store.unit(async (db) => {
      const set = { created_at: Date.now() - 2 * 3_600_000 };
      await db.updateTable('request').set(set).where('id', '=', waiting.id).execute();
      const pause = { paused_by: 'ada', paused_at: 0, paused_reason: 'no disk' };
      await db.updateTable('builder').set(pause).where('name', '=', 'python/main/linux').execute();
    });
    await addBuild(farm, await addRequest(farm, 'lua/v5/musl', { upstream: 1 }), worker);

    const titles = [...(await links()).keys()];
    const cells = (await rows()).get('the runtime itself') ?? [];

    assert.ok(titles.includes('lua/v5/linux: unknown, stale, see the builder'));
    assert.ok(titles.includes('lua/v5/musl: unknown, offline, builds now, see the builder'));
    assert.ok(titles.includes('python/main/linux: unknown, paused, see the builder'));
    assert.ok(
      titles.includes('lua/master/lume/linux: green, last one lost, see the last green build'),
    );
    assert.match(await page(), /class="chip v-unknown stale"/);
    assert.match(
      cells[1] ?? '',
      /^· L linux: unknown stale · M… musl: unknown, offline, builds now$/,
    );
  });

  it('shows what the address asks for', async () => {
    assert.equal(await headsOf('?upstream=python'), 'Project python main 1 red');
    assert.equal(await headsOf('?trunk=lua%2Fv5'), 'Project lua v5');
    assert.deepEqual([...(await rows('?project=lume')).keys()], ['the runtime itself', 'lume']);
    const musl = await rows('?platform=musl&project=json');
    assert.match(musl.get('json')?.[0] ?? '', /^✓ musl: green/);
    assert.match(await page('?upstream=ruby'), /Nothing matches/);
  });

  it('shows only what is red, with all that is beside it', async () => {
    assert.equal(await headsOf('?red=1'), 'Project lua python master 2 red main 1 red');
    const found = await rows('?red=1');
    assert.deepEqual([...found.keys()], ['the runtime itself', 'json 1 red', 'p39 1 red']);
    assert.match(found.get('json 1 red')?.[0] ?? '', /musl: green/);
    assert.match(await page('?red=1&trunk=lua%2Fv5'), /Nothing here is red/);
  });

  it('has pages of projects, and puts those with most that is red first when so asked', async () => {
    assert.equal((await rows()).size, 31);
    assert.match(wordsOf(await page()), /42 projects with 3 trunks: 3 builders are red/);
    const second = await page('?page=2');
    assert.match(wordsOf(second), /Projects before page 2 of 2/);
    assert.match(second, />p39</);
    assert.deepEqual([...(await rows('?sort=red')).keys()].slice(1, 4), [
      'json 1 red',
      'p39 1 red',
      'lume',
    ]);
    assert.match(await page('?page=99'), />p39</);
  });

  it('is a table that says what its heads are of', async () => {
    const body = await page('?upstream=lua');

    assert.match(body, /<caption>[^]*<thead>/);
    assert.match(body, /<th scope="colgroup" colspan="2"/);
    assert.match(body, /<th scope="col" class="trunk"/);
    assert.match(body, /<th scope="row"/);
  });

  it('refuses what it can not show, and gives back what was typed as text', async () => {
    for (const query of ['?page=0', '?page=x', '?sort=age']) {
      assert.equal((await fetch(`${farm.url}/matrix${query}`)).status, 400, query);
    }
    const hostile = await page(`?project=${encodeURIComponent('"><script>')}`);
    assert.match(hostile, /value="&quot;&gt;&lt;script&gt;"/);
    assert.doesNotMatch(hostile, /"><script>/);
  });
});

function wordsOf(markup: string): string {
  const words = markup.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  return words.replaceAll(' :', ':').trim();
}
