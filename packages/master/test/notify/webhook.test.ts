import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingHttpHeaders, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isPublicAddress } from '../../src/notify/public-address.ts';
import { postWebhook } from '../../src/notify/webhook.ts';
import { NotifyFarm } from './notify-farm.ts';

const secret = `whsec_${Buffer.from('a key of the test').toString('base64')}`;

describe('a webhook', () => {
  let server: Server;
  let url: string;
  let farm: NotifyFarm | undefined;
  let posts: { headers: IncomingHttpHeaders; body: string }[];
  let answer: () => number;

  beforeEach(async () => {
    posts = [];
    answer = () => 204;
    server = createServer((request, response) => {
      void text(request).then((body) => {
        posts.push({ headers: request.headers, body });
        response.writeHead(answer(), { location: `${url}/elsewhere` }).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env['WEBHOOK_OF_THE_TEST'] = secret;
  });
  afterEach(async () => {
    delete process.env['WEBHOOK_OF_THE_TEST'];
    await farm?.[Symbol.asyncDispose]();
    farm = undefined;
    server.close();
    server.closeAllConnections();
  });

  const webhooks = (): string =>
    `webhooks: {room: {url: '${url}', secret-env: WEBHOOK_OF_THE_TEST, about: [trunk/lua/main]}}`;

  it('is posted what a mail says, signed, under one id however often it is tried', async () => {
    answer = () => (posts.length < 2 ? 503 : 204);
    farm = await NotifyFarm.start(`{gather: 0s, private-webhooks: true, ${webhooks()}}`);

    const breakage = await farm.breaks('lua/main/json/here');
    const deliveries = await farm.deliveries();

    assert.deepEqual(new Set(deliveries.map(({ state }) => state)), new Set(['sent']));
    const [first, second] = posts;
    assert.ok(first && second);
    assert.equal(posts.length, 2);
    const { 'webhook-id': id, 'webhook-timestamp': seconds } = second.headers;
    assert.equal(id, first.headers['webhook-id']);
    const key = Buffer.from('a key of the test');
    const signed = createHmac('sha256', key).update(
      `${String(id)}.${String(seconds)}.${second.body}`,
    );
    assert.equal(second.headers['webhook-signature'], `v1,${signed.digest('base64')}`);
    const { type, data } = JSON.parse(second.body) as {
      type: string;
      data: { id: number; url: string; rows: { builder: string }[] };
    };
    assert.equal(type, 'breakage-opened');
    assert.equal(data.url, `http://weir.test/breakages/${breakage}`);
    assert.deepEqual(
      data.rows.map(({ builder }) => builder),
      ['lua/main/json/here'],
    );
  });

  it('in a private network is not talked to unless the farm allows it', async () => {
    farm = await NotifyFarm.start(`{gather: 0s, ${webhooks()}}`);

    await farm.breaks('lua/main/json/here');
    const deliveries = await farm.deliveries();

    const failed = deliveries.find(({ channel }) => channel === 'webhook');
    assert.equal(failed?.state, 'failed');
    assert.match(failed.error ?? '', /127\.0\.0\.1 is a private address/);
    assert.equal(posts.length, 0);
  });

  const post = (more: object): Promise<void> =>
    postWebhook({ url, secret, id: '1', at: 0, body: '{}', allowsPrivate: true, ...more });

  it('behind a name that leads into a private network is not talked to', async () => {
    const { port } = new URL(url);
    const asked = post({ url: `http://localhost:${port}`, allowsPrivate: false });
    await assert.rejects(asked, { code: 'delivery-refused' });
    assert.equal(posts.length, 0);
  });

  it('that redirects is not followed', async () => {
    answer = () => 302;
    await assert.rejects(post({}), /redirect, which is not followed/);
    assert.equal(posts.length, 1);
  });

  it('that is gone is given up', async () => {
    answer = () => 410;
    await assert.rejects(post({}), { code: 'delivery-refused' });
  });

  it('that does not answer is not waited for', async () => {
    server.removeAllListeners('request');
    await assert.rejects(post({ timeoutMs: 100 }), /did not answer within 0\.1 s/);
  });
});

describe('isPublicAddress', () => {
  for (const address of ['8.8.8.8', '2606:4700::1111']) {
    it(`takes ${address}`, () => assert.ok(isPublicAddress(address)));
  }
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ]) {
    it(`refuses ${address}`, () => assert.ok(!isPublicAddress(address)));
  }
});
