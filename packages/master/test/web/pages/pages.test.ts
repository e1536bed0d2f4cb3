import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { after, before, describe, it } from 'mocha';
import type { BuildRow } from '../../../src/store/builds.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  endLog,
  print,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

const hostile = `<script>alert("1")</script>'&\u202e`;
const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;\uFFFD';

describe('the pages', () => {
  let farm: SmallFarm;
  let finished: { build: BuildRow; logs: { id: number; file: string }[] };
  let running: { build: BuildRow; logs: { id: number; file: string }[] };

  before(async () => {
    farm = await startSmallFarm({ warnings: [`the sandbox is off on worker ${hostile}`] });
    await addChange(farm, 'lua/master', { subject: hostile, author: hostile, files: [hostile] });
    await addChange(farm, 'json', { subject: 'Parse numbers' });
    const w1 = await addWorker(farm, 'w1');
    await addWorker(farm, 'w2', { pending: true });
    finished = await addBuild(farm, await addRequest(farm, runtimeBuilder, { upstream: 1 }), w1, [
      'configure',
      'make',
    ]);
    const [first] = finished.logs;
    assert.ok(first);
    const text = Buffer.from(
      `${hostile}\n\u001b[31mred\u001b[0m \u001b]0;title\u0007\n\xff`,
      'latin1',
    );
    await print(farm, first, 0, text);
    await endLog(farm, first, text);
    await endBuild(farm, finished.build, 'failure');
    const asked = await addRequest(farm, projectBuilder, { upstream: 1, project: 1 });
    running = await addBuild(farm, asked, w1);
    await addRequest(farm, 'lua/master/musl', { upstream: 1 });
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function ask(path: string): Promise<{ status: number; text: string; headers: Headers }> {
    const response = await fetch(farm.url + path, { headers: { accept: 'text/html' } });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  async function page(path: string): Promise<string> {
    const { status, text } = await ask(path);
    assert.equal(status, 200, `${path}: ${status}`);
    return text;
  }

  /** The whole of a page without tags, with one space between words. */
  async function words(path: string): Promise<string> {
    const text = await page(path);
    return text.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  }

  const everyPage = (): string[] => [
    '/',
    '/matrix',
    `/builders/${runtimeBuilder}`,
    `/builders/${projectBuilder}`,
    `/builds/${finished.build.id}`,
    `/builds/${running.build.id}`,
    ...finished.logs.map(({ id }) => `/logs/${id}`),
    '/requests/1',
    '/requests/3',
    '/changes/1',
    '/workers',
    '/workers/w1',
    '/workers/w2',
    '/sign-in',
  ];

  it('escape what changes, logs and warnings hold', async () => {
    for (const path of everyPage()) {
      const text = await page(path);
      assert.doesNotMatch(text, /<script>|\u202e/, path);
      assert.ok(text.includes(`the sandbox is off on worker ${escaped}`), path);
    }
    assert.ok((await page('/')).includes(escaped));
    assert.ok((await page(`/builds/${finished.build.id}`)).includes(escaped));
  });

  it('have a title, landmarks and one heading of the first rank', async () => {
    for (const path of everyPage()) {
      const text = await page(path);
      assert.match(text, /<title>[^<]*Test farm<\/title>/, path);
      assert.match(text, /<html lang="en"/, path);
      assert.match(text, /href="#content"[\s\S]*<header[\s\S]*<main id="content"/, path);
      assert.equal(text.match(/<h1/g)?.length, 1, path);
    }
  });

  it('hold no id twice, and no empty link', async () => {
    for (const path of everyPage()) {
      const text = await page(path);
      const ids = [...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
        path,
      );
      assert.doesNotMatch(text, /href=""/, path);
    }
  });

  it('are not stored, and run no script but their own', async () => {
    const { headers, text } = await ask('/');

    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-security-policy') ?? '', /script-src 'self'/);
    assert.doesNotMatch(text, /\son[a-z]+=|\sstyle=|<style/);
  });

  it('lead only to pages that are there', async () => {
    const targets = new Set<string>();
    for (const path of everyPage()) {
      for (const [, target] of (await page(path)).matchAll(/(?:href|src)="(\/[^"]*)"/g)) {
        targets.add((target ?? '').replaceAll('&amp;', '&'));
      }
    }
    for (const target of targets) assert.equal((await ask(target)).status, 200, target);
  });

  it('show the waterfall: tree status, workers, queue, builders and their builds', async () => {
    const text = await words('/');

    assert.match(text, /lua\/master (usable|suspect|unusable)/);
    assert.match(text, /1 of 1 workers online/);
    assert.match(text, /1 of 2 slots busy/);
    assert.match(text, /1 waiting: no worker with label/);
    assert.match(text, /#1 ✗ failure/);
    assert.match(text, /#1 ▶ running/);
    assert.match(text, /Parse numbers/);
  });

  it('show only the columns that the address asks for', async () => {
    const grid = async (query: string): Promise<string> => await words(`/?${query}`);

    assert.doesNotMatch(await grid('platform=musl'), /Parse numbers/);
    assert.match(await grid('project=json'), /Parse numbers/);
    assert.doesNotMatch(await grid(`builder=${runtimeBuilder}`), /#1 ▶ running/);
    assert.match(await grid('upstream=python'), /No builder matches/);
  });

  it('tell why a build ran, what its steps did and what they printed', async () => {
    const text = await words(`/builds/${finished.build.id}`);

    assert.match(text, /✗ failure/);
    assert.match(text, /Why: trunk the trunk was stable/);
    assert.match(text, /configure .*make/);
    assert.match(text, /kernel 6\.1/);
    assert.match(text, /red/);
  });

  it('tell why a request waits', async () => {
    assert.match(await words('/builders/lua/master/musl'), /Request \d+ .*no worker with label/);
  });

  it('tell of a request what it waits for, or what came of it', async () => {
    assert.match(await words('/requests/3'), /waits: no worker with label/);
    assert.match(await words('/requests/1'), /#1 ✗ failure/);
  });

  it('show the whole of a change', async () => {
    const text = await words('/changes/2');

    assert.match(text, /Parse numbers .*Ada &lt;ada@example.org&gt;.* Because\. .*a\.c/);
  });

  it('show a log by numbered lines, with colours but without other escapes', async () => {
    const [log] = finished.logs;
    const text = await page(`/logs/${log?.id}`);

    assert.match(text, /id="L1"[\s\S]*id="L2"[\s\S]*id="L3"/);
    assert.match(text, /<span class="fg-1">red<\/span>/);
    assert.ok(text.includes('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;'));
    assert.ok(!text.includes('\u001b') && !text.includes(']0;title'));
    assert.match(text, /\uFFFD/);
  });

  it('say that a pending worker waits, and show its fingerprint', async () => {
    assert.match(await words('/workers'), /Waiting to be accepted .* w2/);
    assert.match(await words('/workers/w2'), /SHA256:w2/);
  });

  it('tell volunteers the two commands that join', async () => {
    const text = await words('/register?name=v1&owner=vera@example.test&slots=2');

    assert.ok(text.includes(`${farm.url}/weir-worker.mjs`), text);
    const join = `join ${farm.url} --key SHA256:farm --name v1 --owner vera@example.test --slots 2`;
    assert.ok(text.includes(join), text);
  });

  it('show no command to a visitor', async () => {
    for (const path of everyPage().filter((each) => each !== '/sign-in')) {
      assert.doesNotMatch(await page(path), /method="post"/, path);
    }
  });

  const missing = [
    '/nothing',
    '/builders/x/y',
    '/builds/999',
    '/builds/x',
    '/logs/999',
    '/requests/999',
    '/changes/999',
    '/workers/x',
  ];
  for (const path of missing) {
    it(`answer ${path} with a page that says so`, async () => {
      const { status, text } = await ask(path);

      assert.equal(status, 404);
      assert.match(text, /<h1>[\s\S]*To the waterfall/);
    });
  }

  it('answer a program with a problem', async () => {
    const response = await fetch(`${farm.url}/builds/999`, {
      headers: { accept: 'application/json' },
    });

    assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
  });
});
