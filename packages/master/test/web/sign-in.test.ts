import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { Problem } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { validatedFetch } from '../../../../test/support/api.ts';
import { adminTokenSetting, cookieSecretSetting } from '../../src/admin-token.ts';
import { getSetting, putSetting } from '../../src/store/settings.ts';
import { csrfTokenOf } from '../../src/web/sign-in/session.ts';
import { adminToken, startSmallFarm } from './small-farm.ts';
import type { SmallFarm } from './small-farm.ts';

describe('signing in', () => {
  let farm: SmallFarm;

  before(async () => {
    farm = await startSmallFarm();
  });
  after(() => farm?.[Symbol.asyncDispose]());

  async function pause(headers: Record<string, string>, by = farm): Promise<string> {
    const response = await validatedFetch(`${by.url}/api/v1/workers/w/pause`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"reason":"x"}',
    });
    return `${response.status} ${((await response.json()) as Problem).code}`;
  }

  async function signIn(token: string, to = '/', by = farm): Promise<Response> {
    return fetch(`${by.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token, to }),
      redirect: 'manual',
    });
  }

  function cookieOf(response: Response): string {
    return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  }

  it('signs in with a cookie that no script can read', async () => {
    const response = await signIn(adminToken, '/builds/7');

    assert.equal(response.status, 303);
    assert.equal(response.headers.get('location'), '/builds/7');
    const [cookie = ''] = response.headers.getSetCookie();
    assert.match(cookie, /HttpOnly/);
    assert.match(cookie, /SameSite=Lax/);
    assert.doesNotMatch(cookie, /Secure/);
  });

  for (const to of [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '',
    '/a\r\nb: c',
  ]) {
    it(`goes to no other site: ${JSON.stringify(to)}`, async () => {
      assert.equal((await signIn(adminToken, to)).headers.get('location'), '/');
    });
  }

  it('brings who failed back to the page', async () => {
    const response = await signIn('wrong');

    assert.equal(response.headers.get('location'), '/sign-in?failed=wrong-token&to=%2F');
    assert.deepEqual(response.headers.getSetCookie(), []);
  });

  it('is behind TLS for the public address, and the cookie then for TLS alone', async () => {
    await using other = await startSmallFarm({ publicUrl: 'https://farm.example' });
    const askAs = (host: string) =>
      new Promise<string>((resolve, reject) => {
        const body = `token=${adminToken}`;
        const form = { 'content-type': 'application/x-www-form-urlencoded' };
        const options = { method: 'POST', headers: { host, ...form } };
        const asking = request(`${other.url}/sign-in`, options, (response) => {
          resolve(String(response.headers['set-cookie']));
          response.resume();
        });
        asking.on('error', reject).end(body);
      });

    assert.match(await askAs('farm.example'), /Secure/);
    assert.doesNotMatch(await askAs('127.0.0.1:8010'), /Secure/);
  });

  it('lets a cookie command only with the CSRF token of its session', async () => {
    const cookie = cookieOf(await signIn(adminToken));
    const session = cookie.slice(cookie.indexOf('=') + 1);
    const keys = {
      tokenHash: (await getSetting(farm.store.read, adminTokenSetting)) ?? '',
      cookieSecret: (await getSetting(farm.store.read, cookieSecretSetting)) ?? '',
    };

    assert.equal(await pause({ cookie }), '403 csrf-token-missing');
    const wrong = { cookie, 'x-weir-csrf': 'A'.repeat(43) };
    assert.equal(await pause(wrong), '403 csrf-token-missing');
    assert.deepEqual(farm.commands, []);
    await pause({ cookie, 'x-weir-csrf': csrfTokenOf(session, keys) });
    const command = { t: 'pause-worker', worker: 'w', reason: 'x' };
    assert.deepEqual(farm.commands, [{ actor: 'admin', command }]);
  });

  it('signs out only by a form of its own', async () => {
    const cookie = cookieOf(await signIn(adminToken));

    const response = await fetch(`${farm.url}/sign-out`, { method: 'POST', headers: { cookie } });

    assert.equal(response.status, 403);
  });

  it('knows no cookie that it did not sign, and none once the token was reset', async () => {
    await using other = await startSmallFarm();
    const cookie = cookieOf(await signIn(adminToken, '/', other));
    const ask = (value: string) => pause({ cookie: value }, other);
    const body = cookie.slice(0, cookie.lastIndexOf('.'));

    assert.equal(await ask(cookie), '403 csrf-token-missing');
    assert.equal(await ask(`${body}.${'A'.repeat(43)}`), '401 not-signed-in');
    assert.equal(await ask(cookie.replace('=', '=9')), '401 not-signed-in');
    assert.equal(await ask('weir-session='), '401 not-signed-in');
    await other.store.unit((db) => putSetting(db, adminTokenSetting, 'ff'.repeat(32)));
    assert.equal(await ask(cookie), '401 not-signed-in');
  });

  it('takes a new token at once, and the one that it replaced not for long', async () => {
    await using other = await startSmallFarm();
    const ask = (token: string) => pause({ authorization: `Bearer ${token}` }, other);
    const isTaken = async (token: string) => (await ask(token)).startsWith('404');
    const hash = createHash('sha256').update('new').digest('hex');

    assert.ok(await isTaken(adminToken));
    await other.store.unit((db) => putSetting(db, adminTokenSetting, hash));
    assert.ok(await isTaken('new'));
    assert.equal(await ask(adminToken), '401 wrong-token');
    await other.store.unit((db) => putSetting(db, adminTokenSetting, 'ff'.repeat(32)));
    while (await isTaken('new'));
  });

  it('refuses a wrong token, and slows down who guesses', async () => {
    await using other = await startSmallFarm();

    const answers = [];
    for (let time = 0; time < 30; time += 1) {
      answers.push(await pause({ authorization: 'Bearer no' }, other));
    }

    assert.equal(answers[0], '401 wrong-token');
    assert.ok(answers.includes('429 too-many-failures'));
    assert.deepEqual(other.commands, []);
  });

  it('slows down who guesses through a proxy on this machine, and nobody else', async () => {
    await using other = await startSmallFarm();
    const guess = (from: string) =>
      pause({ authorization: 'Bearer no', 'x-forwarded-for': from }, other);

    const answers = [];
    for (let time = 0; time < 30; time += 1) answers.push(await guess('198.51.100.7'));

    assert.equal(answers.at(-1), '429 too-many-failures');
    assert.equal(await guess('198.51.100.8'), '401 wrong-token');
  });
});
