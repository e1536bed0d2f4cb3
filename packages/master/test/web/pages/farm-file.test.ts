import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { addVersion, adminToken, farmText, startSmallFarm } from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

describe('the pages of the farm file', () => {
  let farm: SmallFarm;
  let cookie: string;

  before(async () => {
    farm = await startSmallFarm();
    const url = 'https://git.example/farms';
    const source = {
      kind: 'repository',
      url,
      branch: 'main',
      commit: 'c0ffee'.repeat(7),
      author: 'Ada',
    } as const;
    await addVersion(farm, farmText, { source, reason: 'Begin' });
    const told = farmText.replace(
      'farm: Test farm',
      'farm: Test farm\nnotify: {to: [eve@example.org]}',
    );
    await addVersion(farm, told.replace('lua test.lua', 'lua <all>.lua'), { reason: 'Test all' });
    await addVersion(farm, 'farm: [', { reason: 'Nothing reads it' });
    await addVersion(farm, farmText, { source: { kind: 'roll-back', version: 1 } });
    const signedIn = await fetch(`${farm.url}/sign-in`, {
      method: 'POST',
      body: new URLSearchParams({ token: adminToken, to: '/' }),
      redirect: 'manual',
    });
    cookie = signedIn.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  });
  after(() => farm?.[Symbol.asyncDispose]());

  /** The text of a page as it is read, without its markup. */
  async function text(path: string, headers: Record<string, string> = { cookie }): Promise<string> {
    const response = await fetch(farm.url + path, { headers });
    const [, main = ''] = /<main[^>]*>([^]*)<\/main>/.exec(await response.text()) ?? [];
    return main.replaceAll(/<[^>]*>/g, '').replaceAll(/[ \n]+/g, ' ');
  }

  it('list the versions with who, from where and why', async () => {
    const page = await text('/farm-file', {});

    assert.match(page, / 4 in force .* admin version 1 again \+2 ~1 /);
    assert.match(page, / 2 .* admin sent as farm\.yaml \+2 ~1 Test all /);
    assert.match(page, / 1 .* admin commit c0ffeec0ff by Ada \+2 ~1 Begin /);
    assert.match(await text('/farm-file/reference', {}), /a quarter from its head/);
  });

  it('show what is new in a version, as a plan and as text', async () => {
    const page = await text('/farm-file/versions/2');

    assert.match(page, /Compared with version 1/);
    assert.match(
      page,
      /~ changed: project json ~ changed: steps\.test\.run: lua test\.lua → lua &lt;all&gt;\.lua/,
    );
    assert.match(page, /~ changed: builder lua\/master\/json\/linux: steps/);
    assert.match(page, /- +- test: lua test\.lua \+ +- test: lua &lt;all&gt;\.lua/);
  });

  it('show what is between any two, forth and back', async () => {
    const back = await text('/farm-file/versions/1?from=2');
    assert.match(back, /steps\.test\.run: lua &lt;all&gt;\.lua → lua test\.lua/);
    assert.match(
      await text('/farm-file/versions/4?from=1'),
      /It means the same\. The texts are the same\./,
    );
    assert.match(
      await text('/farm-file/versions/1?from=0'),
      /What it says .* \+ added: upstream lua/,
    );
    assert.equal((await fetch(`${farm.url}/farm-file/versions/9`)).status, 404);
  });

  it('say which version can not be read any more, and compare its text', async () => {
    const page = await text('/farm-file/versions/3');

    assert.match(page, /this Weir can&#39;t read version 3 any more/);
    assert.match(page, /\+farm: \[/);
  });

  it('show no text and no address to visitors', async () => {
    const page = await text('/farm-file/versions/2', {});

    assert.match(page, /sign in to see what it changed/);
    assert.doesNotMatch(page, /eve@|lua test/);
  });

  it('roll back with a reason, against the version that was seen', async () => {
    const page = await (
      await fetch(`${farm.url}/farm-file/versions/2`, { headers: { cookie } })
    ).text();
    const [, csrf = ''] = /name="csrf" value="([^"]+)"/.exec(page) ?? [];
    const [, against = ''] = /name="against" value="([^"]+)"/.exec(page) ?? [];

    const response = await fetch(`${farm.url}/farm-file/versions/2/roll-back`, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ csrf, against, reason: 'It was better' }),
      redirect: 'manual',
    });

    assert.equal(response.headers.get('location'), '/farm-file');
    assert.deepEqual(farm.commands.at(-1), {
      actor: 'admin',
      command: { t: 'apply', file: 2, reason: 'It was better', against: 4 },
    });
  });
});
