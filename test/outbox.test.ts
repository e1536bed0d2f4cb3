import assert from 'node:assert/strict';
import { join } from 'node:path';
import { deliverySchema } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { openReader } from '../packages/master/src/store/store.ts';
import { validatedFetch } from './support/api.ts';
import { FarmProcess, token } from './support/farm-process.ts';
import type { MailAnswer } from './support/mail-server.ts';
import { MailServer } from './support/mail-server.ts';
import { openBreakage } from './support/outbox.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';
import { testStore } from './support/test-store.ts';

describe('the outbox', () => {
  let repositories: SmallFarm;
  let mails: MailServer;
  let farm: FarmProcess | undefined;

  beforeEach(async () => {
    mails = await MailServer.start();
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories[Symbol.asyncDispose]();
    await mails[Symbol.asyncDispose]();
  });

  /** A farm that has a breakage to tell to so many people, once it is started again. */
  async function farmWithNews(recipients: number): Promise<FarmProcess> {
    const to = Array.from({ length: recipients }, (_, index) => `dev${index}@example.test`);
    const started = await FarmProcess.start({
      farm: repositories.farm({
        extra: `notify: {gather: 0s, to: [${to.join(', ')}], smtp: '${mails.url}'}\n`,
      }),
      remotes: repositories.remotes,
    });
    await started.stop();
    await openBreakage(started);
    return started;
  }

  it('sends 50 notices although the master is killed three times in the middle', async () => {
    const kills = [10, 25, 40];
    farm = await farmWithNews(50);
    const { promise: allKilled, resolve, reject } = Promise.withResolvers<void>();
    let revived = Promise.resolve();
    mails.answer = async (): Promise<MailAnswer> => {
      if (mails.mails.length < (kills[0] ?? Infinity)) return 'take';
      kills.shift();
      const isLast = kills.length === 0;
      // This mail is taken, but whoever sent it will never know.
      revived = revived.then(async () => {
        await farm?.kill();
        await farm?.start();
      });
      await revived.catch(reject);
      if (isLast) resolve();
      return 'take';
    };

    // It may send before it says that it is up.
    revived = farm.start();
    await revived;
    await allKilled;
    for (let id = 1; id <= 50; id += 1) {
      await farm.events.until('delivery.sent', { subject: `delivery/${id}` });
    }

    const byRecipient = Map.groupBy(mails.mails, ({ to }) => to);
    assert.equal(byRecipient.size, 50);
    const repeats = mails.mails.length - 50;
    // A kill may repeat what was under way: at most four deliveries.
    assert.ok(repeats >= 3 && repeats <= 12, `${repeats} repeats`);
    for (const [to, received] of byRecipient) {
      const ids = new Set(received.map((mail) => mail.header('message-id')));
      assert.equal(ids.size, 1, `${to} got one message under ${ids.size} ids`);
    }
  });

  it('follows who confirmed by mail, until one click ends it', async () => {
    farm = await farmWithNews(1);
    await farm.start();
    await mails.until(({ length }) => length === 1);
    const asked = await send(farm, '/subscribe', 'address=new%40example.test&scope=project%2Fapp');
    assert.match(asked, /Look at your mail/);
    await mails.until(({ length }) => length === 2);
    const link = /http:\S+\/subscribe\/\d+\/\S+/.exec(mails.mails[1]?.text ?? '')?.[0] ?? '';

    // Programs that only look at a link confirm nothing.
    assert.match(await (await fetch(link)).text(), /Confirm<\/button>/);
    assert.equal(await states(farm), 'dev0@example.test active, new@example.test asked');
    await send(farm, link, '');
    assert.equal(await states(farm), 'dev0@example.test active, new@example.test active');

    await farm.stop();
    await openBreakage(farm);
    await farm.start();
    await mails.until((all) => all.filter(({ to }) => to === 'new@example.test').length === 2);
    const told = mails.mails.findLast(({ to }) => to === 'new@example.test');
    assert.match(told?.text ?? '', /follow the project app\.\n/);
    const [, unsubscribe = ''] = /<(.*)>/.exec(told?.header('list-unsubscribe') ?? '') ?? [];
    await send(farm, unsubscribe, 'List-Unsubscribe=One-Click');
    assert.equal(await states(farm), 'dev0@example.test active, new@example.test ended');
  });

  it('takes no link that the farm did not make', async () => {
    farm = await farmWithNews(1);
    await farm.start();
    await mails.until(({ length }) => length === 1);

    for (const path of ['/unsubscribe/1/x', '/unsubscribe/1-2/x', '/subscribe/1/x']) {
      const response = await fetch(new URL(path, farm.url), { method: 'POST' });
      assert.equal(response.status, 404, path);
    }
    const link = mails.mails[0]?.header('list-unsubscribe').replace(/[<>]/g, '') ?? '';
    const other = link.replace('/unsubscribe/1/', '/unsubscribe/2/');
    assert.equal((await fetch(other, { method: 'POST' })).status, 404);
    assert.equal(await states(farm), 'dev0@example.test active');
  });

  it('shows addresses and links that act only to who is signed in', async () => {
    farm = await farmWithNews(1);
    await farm.start();
    await farm.events.until('delivery.sent');
    const authorization = `Bearer ${token}`;
    const list = z.object({ items: z.array(deliverySchema) });

    const seen = await farm.get('/api/v1/deliveries', list);
    assert.equal(seen.items[0]?.address, 'd***@example.test');
    const page = await (await fetch(new URL('/outbox/1', farm.url))).text();
    assert.doesNotMatch(page, /dev0@|\/unsubscribe\//);
    assert.match(page, /lang\/main broke/);

    const signedIn = await validatedFetch(new URL('/api/v1/deliveries/1', farm.url), {
      headers: { authorization },
    });
    assert.equal(deliverySchema.parse(await signedIn.json()).address, 'dev0@example.test');
    const whole = await fetch(new URL('/outbox/1', farm.url), { headers: { authorization } });
    assert.match(await whole.text(), /dev0@example\.test.*\/unsubscribe\//s);
    const again = await fetch(new URL('/api/v1/deliveries/1/retry', farm.url), { method: 'POST' });
    assert.equal(again.status, 401);
  });

  it('has a feed of what broke', async () => {
    farm = await farmWithNews(1);
    await farm.start();

    const response = await fetch(new URL('/feed.atom', farm.url));

    assert.match(response.headers.get('content-type') ?? '', /^application\/atom\+xml/);
    const feed = await response.text();
    assert.match(feed, /<title>Broken: app \(test\)<\/title>/);
    assert.match(feed, new RegExp(`<link href="${farm.url}/breakages/1"/>`));
  });
});

/** Sends a form as a browser does. */
async function send(farm: FarmProcess, path: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };
  const response = await fetch(new URL(path, farm.url), { method: 'POST', headers, body });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

/** Who follows something, and in which state that is. */
async function states(farm: FarmProcess): Promise<string> {
  await using reader = await openReader(await testStore(join(farm.dir, 'farm', 'weir.sqlite')));
  const rows = await reader
    .selectFrom('subscription')
    .select(['address', 'state'])
    .orderBy('id')
    .execute();
  return rows.map(({ address, state }) => `${address} ${state}`).join(', ');
}
