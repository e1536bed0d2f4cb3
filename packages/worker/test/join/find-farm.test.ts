import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { protocolVersion } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { findFarm } from '../../src/join/find-farm.ts';

const fingerprint = `SHA256:${'A'.repeat(43)}`;

describe('finding a farm', () => {
  let server: Server;
  let url: string;
  let answer: unknown;

  beforeEach(async () => {
    answer = {
      farm: 'A farm',
      workerUrl: 'ws://127.0.0.1:8011/worker',
      fingerprint,
      versions: protocolVersion,
      agent: '0.1.0',
    };
    server = createServer((_request, response) => response.end(JSON.stringify(answer)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const options = { key: undefined, insecure: false };

  it('learns where workers connect', async () => {
    const found = await findFarm(url, options);

    assert.deepEqual(found, {
      farm: 'A farm',
      workerUrl: 'ws://127.0.0.1:8011/worker',
      fingerprint,
    });
  });

  it('refuses a farm with another key', async () => {
    const key = `SHA256:${'B'.repeat(43)}`;

    await assert.rejects(findFarm(url, { ...options, key }), /another farm, or someone between/);
  });

  it('refuses a link that is not encrypted, but on this machine', async () => {
    answer = { ...(answer as object), workerUrl: 'ws://farm.example:8011/worker' };

    await assert.rejects(findFarm(url, options), /not encrypted: pass --insecure/);
    await assert.rejects(findFarm('http://farm.example', options), /not https: pass --insecure/);
  });

  it('says what is wrong with an address', async () => {
    await assert.rejects(findFarm('farm.example', options), /no address of a farm/);
    answer = { hello: 'world' };
    await assert.rejects(findFarm(url, options), /is no Weir farm/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(findFarm(url, options), /no farm answers/);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
});
