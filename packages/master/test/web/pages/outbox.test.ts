import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import { CommandError } from '../../../src/command.ts';
import { leavePath } from '../../../src/notify/tokens.ts';
import { fillOutbox } from '../outbox-rows.ts';
import type { SmallFarm } from '../small-farm.ts';
import { adminToken, startSmallFarm } from '../small-farm.ts';

const hostile = '<script>alert(1)</script>\u202E';
const bearer = { authorization: `Bearer ${adminToken}` };

describe('the pages of the outbox', () => {
  let farm: SmallFarm;

  before(async () => {
    farm = await startSmallFarm();
    await fillOutbox(farm, hostile);
  });
  beforeEach(() => {
    farm.commands.length = 0;
    farm.answer = async () => ({});
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function page(path: string, headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(farm.url + path, { headers: { accept: 'text/html', ...headers } });
    return response.text();
  }

  function post(path: string, form: Record<string, string>, headers: object): Promise<Response> {
    return fetch(farm.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { accept: 'text/html', ...headers },
      body: new URLSearchParams(form),
    });
  }

  it('show what strangers wrote as text', async () => {
    for (const path of ['/outbox', '/outbox/1', '/outbox/2', '/feed.atom', '/subscribe']) {
      for (const headers of [{}, bearer]) {
        assert.doesNotMatch(await page(path, headers), /<script>|\u202E/, path);
      }
    }
    assert.match(await page('/outbox/1'), /&lt;script&gt;/);
  });

  it('show each delivery, and those in one state', async () => {
    const all = await page('/outbox', bearer);
    for (const state of ['sent', 'failed', 'waiting', 'dropped']) {
      assert.match(all, new RegExp(`</span> ${state}</span>`));
    }
    const failed = await page('/outbox?state=failed', bearer);
    assert.match(failed, /gone@example\.test/);
    assert.doesNotMatch(failed, /ann@example\.test/);
    assert.match(failed, /550 /);
  });

  it('say why no heartbeat is given to who is signed in', async () => {
    assert.doesNotMatch(await page('/outbox', bearer), /heartbeat/);

    farm.web.setFarm({ ...farm.facts, heartbeat: 'connect ECONNREFUSED 10.1.2.3' });

    assert.match(await page('/outbox', bearer), /No heartbeat is given: connect .* 10\.1\.2\.3\./);
    assert.match(await page('/outbox'), /No heartbeat is given\./);
  });

  it('let a delivery be tried again by who is signed in, with a reason', async () => {
    const response = await post('/outbox/2/retry', { reason: 'mended' }, bearer);

    assert.equal(response.headers.get('location'), '/outbox/2');
    assert.deepEqual(farm.commands, [
      { actor: 'admin', command: { t: 'retry-delivery', delivery: 2, reason: 'mended' } },
    ]);
    assert.equal((await post('/outbox/2/retry', { reason: 'mended' }, {})).status, 401);
    assert.equal((await post('/outbox/2/retry', { reason: ' ' }, bearer)).status, 400);
    assert.equal(farm.commands.length, 1);
  });

  it('offer what the farm has to follow, and what one came from', async () => {
    const form = await page('/subscribe?scope=breakage/7');

    assert.match(form, /value="breakage\/7" +selected>the breakage 7</);
    assert.match(form, /value="trunk\/lua\/master" *>the trunk lua\/master</);
    assert.match(form, /value="project\/json" *>the project json</);
  });

  it('take a wish to follow something, but not from the page of another site', async () => {
    const form = { address: ' ann@example.test ', scope: 'project/json' };

    const taken = await post('/subscribe', form, { 'sec-fetch-site': 'same-origin' });
    const refused = await post('/subscribe', form, { 'sec-fetch-site': 'cross-site' });

    assert.match(await taken.text(), /Look at your mail/);
    assert.equal(refused.status, 403);
    const command = { t: 'subscribe', address: 'ann@example.test', scope: 'project/json' };
    assert.deepEqual(farm.commands, [{ actor: 'visitor', command }]);
  });

  it('say beside the form why a wish was refused', async () => {
    farm.answer = () => Promise.reject(new CommandError(400, 'bad-address', 'that is no address'));

    const response = await post('/subscribe', { address: 'x<y', scope: 'farm' }, {});

    assert.equal(response.status, 400);
    assert.match(await response.text(), /value="x&lt;y"[^]*role="alert">that is no address</);
  });

  it('act on a link of a mail only when its form is sent', async () => {
    const link = { to: 'unsubscribe', subscriptions: [1] } as const;
    const path = await leavePath(farm.store.read, link);

    assert.match(await page(path), /No more mails about the project json\?/);
    assert.deepEqual(farm.commands, []);
    await post(path, { 'List-Unsubscribe': 'One-Click' }, {});

    const command = { t: 'unsubscribe', subscriptions: [1] };
    assert.deepEqual(farm.commands, [{ actor: 'subscriber', command }]);
    // A link for one thing is none for the other.
    const other = path.replace('/unsubscribe/', '/subscribe/');
    assert.equal((await post(other, {}, {})).status, 404);
  });
});
