import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'mocha';
import { WebSocketServer } from 'ws';
import { dial, isUnobserved } from '../../src/link/dial.ts';

describe('dial', () => {
  it('masks with zeros within the machine', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const connected = once(server, 'connection');
      const client = dial(`ws://127.0.0.1:${port}`);
      const [, request] = (await connected) as [unknown, IncomingMessage];
      const frame = once(request.socket, 'data');
      await once(client, 'open');
      client.send('plain');

      const [bytes] = (await frame) as [Buffer];

      assert.deepEqual(bytes, Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from('plain')]));
      client.terminate();
    } finally {
      server.close();
    }
  });

  it('takes only what is encrypted, or stays here, for unobserved', () => {
    const unobserved = [
      'wss://farm.example/worker',
      'ws://127.0.0.1:8011',
      'ws://[::1]',
      'ws://localhost:1',
    ];
    const observed = [
      'ws://farm.example',
      'ws://10.0.0.1',
      'ws://localhost.example',
      'ws://127.0.0.1.example',
    ];

    assert.deepEqual(
      unobserved.filter((url) => !isUnobserved(url)),
      [],
    );
    assert.deepEqual(
      observed.filter((url) => isUnobserved(url)),
      [],
    );
  });
});
