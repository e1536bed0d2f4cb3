import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CommandError } from '../../../src/command.ts';
import { setQuarantine } from '../../../src/store/quarantine.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  adminToken,
  runtimeBuilder,
  start,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

describe('forms on the pages', () => {
  let farm: SmallFarm;
  let cookie: string;

  before(async () => {
    farm = await startSmallFarm();
    await addChange(farm, 'lua/master');
    const worker = await addWorker(farm, 'w1');
    await addWorker(farm, 'w2', { pending: true });
    const quarantine = { at: start, until: start + 1, reason: 'no disk' };
    await farm.store.unit((db) => setQuarantine(db, worker, quarantine));
    await addBuild(farm, await addRequest(farm, runtimeBuilder, { upstream: 1 }), worker);
    await addRequest(farm, runtimeBuilder, { upstream: 1 });
    const response = await fetch(`${farm.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token: adminToken, to: '/' }),
      redirect: 'manual',
    });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  });
  beforeEach(() => {
    farm.commands.length = 0;
    farm.answer = async () => ({});
  });
  after(() => farm?.[Symbol.asyncDispose]());

  /** The form on a page that goes to an address, filled in as a person would who changes only some fields. */
  async function send(
    pagePath: string,
    action: string,
    typed: Record<string, string> = { reason: 'to see' },
  ): Promise<Response> {
    const response = await fetch(farm.url + pagePath, { headers: { cookie, accept: 'text/html' } });
    const text = await response.text();
    const forms = text.split('<form').slice(1);
    const form = forms.find((each) => each.includes(`action="${action}"`))?.split('</form>')[0];
    assert.ok(form !== undefined, `${pagePath} has no form for ${action}`);
    const body = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1] ?? '';
      body.set(name, typed[name] ?? /value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    return post(action, body);
  }

  function post(action: string, body: URLSearchParams, withCookie = cookie): Promise<Response> {
    const headers = { cookie: withCookie, accept: 'text/html' };
    return fetch(farm.url + action, { method: 'POST', headers, body, redirect: 'manual' });
  }

  const builder = `/builders/${runtimeBuilder}`;
  const commands = [
    [builder, 'force', { t: 'force', builder: runtimeBuilder }],
    [builder, 'pause', { t: 'pause-builder', builder: runtimeBuilder }],
    ['/builds/1', 'cancel', { t: 'cancel', build: 1 }],
    ['/builds/1', 'again', { t: 'again', build: 1 }],
    ['/requests/2', 'cancel', { t: 'cancel-request', request: 2 }],
    ['/workers/w1', 'pause', { t: 'pause-worker', worker: 'w1' }],
    ['/workers/w1', 'release', { t: 'release', worker: 'w1' }],
    ['/workers/w1', 'revoke', { t: 'revoke', worker: 'w1' }],
    ['/workers/w2', 'reject', { t: 'reject', worker: 'w2' }],
    [
      '/workers/w2',
      'accept',
      { t: 'accept', worker: 'w2', fingerprint: 'SHA256:w2', labels: [], trust: 'probation' },
    ],
  ] as const;
  for (const [path, act, command] of commands) {
    it(`send ${act} from ${path}, and come back there`, async () => {
      const response = await send(path, `${path}/${act}`);

      assert.equal(response.status, 303, await response.text());
      assert.equal(response.headers.get('location'), path);
      assert.deepEqual(farm.commands, [
        { actor: 'admin', command: { ...command, reason: 'to see' } },
      ]);
    });
  }

  it('are on no page that visitors share, whoever asks for it at the same time', async () => {
    const path = `/builders/${runtimeBuilder}`;
    const asked = [{ cookie }, {}, { cookie }, {}].map(async (headers) => {
      const response = await fetch(farm.url + path, { headers });
      return (await response.text()).includes('name="csrf"');
    });

    assert.deepEqual(await Promise.all(asked), [true, false, true, false]);
  });

  it('force a build at a commit that was typed', async () => {
    await send(builder, `${builder}/force`, { reason: 'to see', upstream: ' abcd1234 ' });

    assert.deepEqual(farm.commands[0]?.command, {
      t: 'force',
      builder: runtimeBuilder,
      reason: 'to see',
      upstream: 'abcd1234',
    });
  });

  it('grant labels to a worker', async () => {
    await send('/workers/w2', '/workers/w2/accept', { reason: 'known', labels: 'gpu, big-memory' });

    assert.deepEqual(farm.commands[0]?.command, {
      t: 'accept',
      worker: 'w2',
      fingerprint: 'SHA256:w2',
      labels: ['gpu', 'big-memory'],
      trust: 'probation',
      reason: 'known',
    });
  });

  it('tell of a label that is none', async () => {
    const response = await send('/workers/w2', '/workers/w2/accept', {
      reason: 'known',
      labels: '<b>',
    });

    assert.equal(response.status, 400);
    assert.match(await response.text(), /&#39;&lt;b&gt;&#39; is no label/);
    assert.deepEqual(farm.commands, []);
  });

  it('need a reason', async () => {
    assert.equal((await send(builder, `${builder}/pause`, { reason: ' ' })).status, 400);
    assert.deepEqual(farm.commands, []);
  });

  it('need the token that only the page has', async () => {
    const response = await post(`${builder}/pause`, new URLSearchParams({ reason: 'x' }));

    assert.equal(response.status, 403);
    assert.deepEqual(farm.commands, []);
  });

  it('are nothing for a visitor', async () => {
    const response = await post(`${builder}/pause`, new URLSearchParams({ reason: 'x' }), '');

    assert.equal(response.status, 401);
    assert.deepEqual(farm.commands, []);
  });

  it('show why the engine refused', async () => {
    farm.answer = async () => {
      throw new CommandError(409, 'build-finished', 'build 1 has finished');
    };

    const response = await send('/builds/1', '/builds/1/cancel');

    assert.equal(response.status, 409);
    assert.match(await response.text(), /<p>build 1 has finished<\/p>/);
  });

  it('say so when the engine failed, but not how', async () => {
    farm.answer = () => Promise.reject(new Error('secret path'));

    const response = await send('/builds/1', '/builds/1/cancel');

    const text = await response.text();
    assert.equal(response.status, 500);
    assert.match(text, /<h1>/);
    assert.doesNotMatch(text, /secret/);
  });

  it('sign out', async () => {
    const response = await send('/', '/sign-out', {});

    assert.equal(response.status, 303);
    assert.match(response.headers.getSetCookie()[0] ?? '', /Expires=Thu, 01 Jan 1970/);
  });
});
