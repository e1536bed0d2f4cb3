import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

describe('the pages of the waterfall', () => {
  let farm: SmallFarm;
  const failed: string[] = [];
  const ofSecondWorker: string[] = [];
  const all: string[] = [];

  before(async function () {
    this.timeout(20_000);
    farm = await startSmallFarm();
    for (let change = 0; change < 3; change++) await addChange(farm, 'lua/master');
    await addChange(farm, 'json');
    const workers = [await addWorker(farm, 'w1'), await addWorker(farm, 'w2')] as const;
    for (let turn = 0; turn < 170; turn++) {
      const name = turn % 10 === 0 ? projectBuilder : runtimeBuilder;
      const request = await addRequest(farm, name, { upstream: 1 + (turn % 3), project: 1 });
      const isSecond = turn % 50 === 0;
      const { build } = await addBuild(farm, request, isSecond ? workers[1] : workers[0]);
      const isFailure = turn % 40 === 20;
      await endBuild(farm, build, isFailure ? 'failure' : 'success');
      const id = `build-${build.id}`;
      all.unshift(id);
      if (isFailure) failed.unshift(id);
      if (isSecond) ofSecondWorker.unshift(id);
    }
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function show(path: string): Promise<{ status: number; builds: string[]; text: string }> {
    const response = await fetch(farm.url + path, { headers: { accept: 'text/html' } });
    const text = await response.text();
    const ids = [...text.matchAll(/id="(build-\d+)"/g)].map(([, id = '']) => id);
    const byId = (a: string, b: string): number => Number(b.slice(6)) - Number(a.slice(6));
    return { status: response.status, builds: ids.toSorted(byId), text };
  }

  function olderOf(text: string): string | undefined {
    return /href="([^"]*)"[^>]*>Older builds</.exec(text)?.[1]?.replaceAll('&amp;', '&');
  }

  it('lead back to the first build, and show each build once', async () => {
    const seen: string[] = [];
    let pages = 0;

    for (let path: string | undefined = '/'; path !== undefined; pages++) {
      const { builds, text } = await show(path);
      seen.push(...builds);
      assert.equal(text.includes('>Newest builds<'), path !== '/');
      path = olderOf(text);
    }

    assert.deepEqual(seen, all);
    assert.equal(pages, 3);
  });

  it('group the boxes of builders by what is asked for', async () => {
    const { text } = await show('/?group=platform');
    const titles = [...text.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, title]) => title);
    assert.deepEqual(titles, ['linux', 'musl']);
  });

  it('say of a box why its result may not be what is true today', async () => {
    const { text } = await show('/');
    assert.match(text, new RegExp(`title="${runtimeBuilder}: success, quiet"`));
    assert.match(text, /title="lua\/master\/musl: never built, offline"/);
  });

  it('show the builders of one tier', async () => {
    const { text } = await show('/?tier=3');
    assert.match(text, /No builder matches/);
  });

  it('keep to what is asked for', async () => {
    const { text } = await show('/?platform=linux&upstream=lua');

    assert.match(olderOf(text) ?? '', /^\/\?upstream=lua&platform=linux&before=\d+$/);
  });

  it('show builds with one result, in the columns that have some', async () => {
    const { builds, text } = await show('/?result=failure');

    assert.deepEqual(builds, failed);
    assert.doesNotMatch(text, /class="column-name" href="\/builders\/lua\/master\/linux"/);
    assert.match(text, /class="column-name" href="\/builders\/lua\/master\/json\/linux"/);
  });

  it('show the builds of one worker', async () => {
    assert.deepEqual((await show('/?worker=w2')).builds, ofSecondWorker);
    assert.deepEqual((await show('/?worker=nobody')).builds, []);
  });

  it('show a builder that is named', async () => {
    const { builds } = await show(`/?builder=${projectBuilder}`);

    assert.equal(builds.length, 17);
    assert.equal((await show('/?builder=no/such')).builds.length, 0);
  });

  it('show beside older builds the changes that those had', async () => {
    const { text } = await show(olderOf((await show('/')).text) ?? '');

    assert.match(text, /Change 3/);
  });

  for (const query of ['result=fine', 'before=x', 'before=-1', 'tier=4', 'group=x']) {
    it(`say what is wrong with ?${query}`, async () => {
      const { status, text } = await show(`/?${query}`);

      assert.equal(status, 400);
      assert.match(text, /<h1>/);
    });
  }
});
