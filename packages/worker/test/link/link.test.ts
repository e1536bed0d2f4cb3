import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeCodes, protocolVersion, signedBytes, workerMessageSchema } from '@weir/protocol';
import type { FarmMessage, WorkerMessage } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { dial } from '../../src/link/dial.ts';
import { LinkError, WrongFarmError } from '../../src/link/link-error.ts';
import { Link } from '../../src/link/link.ts';
import type { Hello, SessionMessage } from '../../src/link/link.ts';
import { openWorkerKey } from '../../src/link/worker-key.ts';
import type { WorkerKey } from '../../src/link/worker-key.ts';

const hello: Hello = {
  t: 'hello',
  boot: 'b',
  slots: 1,
  labels: [],
  sandbox: { kind: 'none', limits: [] },
  facts: {},
  runtimes: [],
  builds: [],
};

describe('the link to a farm', () => {
  let dir: string;
  let farmKey: WorkerKey;
  let server: WebSocketServer;
  /** What the farm heard. */
  let heard: WorkerMessage[];
  let farmSide: Promise<WebSocket>;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-link-'));
    // Both sides have keys of one kind.
    farmKey = openWorkerKey(join(dir, 'farm.pem'));
    heard = [];
    server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    farmSide = new Promise((resolve) => {
      server.on('connection', (socket) => {
        socket.on('message', (data: Buffer) => {
          heard.push(workerMessageSchema.parse(JSON.parse(data.toString())));
          socket.emit('heard');
        });
        say(socket, {
          t: 'challenge',
          farm: 'A farm',
          key: farmKey.publicKey,
          nonce: 'bm9uY2U=',
          versions: protocolVersion,
        });
        resolve(socket);
      });
    });
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const socket of server.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true });
  });

  /** What the worker took in its session. */
  let taken: SessionMessage[];
  beforeEach(() => (taken = []));

  function connect(pinned = farmKey.fingerprint, welcomed = (): void => {}): Link {
    return new Link({
      url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/worker`,
      dial,
      name: 'w1',
      owner: '',
      invite: undefined,
      key: openWorkerKey(join(dir, 'worker.pem')),
      farmKey: pinned,
      hello: () => hello,
      welcome: welcomed,
      message: (message) => taken.push(message),
      drained: () => {},
    });
  }

  it('says nothing to a farm with another key than the pinned one', async () => {
    const link = connect(openWorkerKey(join(dir, 'other.pem')).fingerprint);

    await assert.rejects(link.ended, WrongFarmError);

    assert.deepEqual(heard, []);
  });

  it('says no hello to a farm that only shows the key', async () => {
    const link = connect();
    const socket = await farmSide;
    await once(socket, 'heard');

    say(socket, { t: 'proof', version: 1, signature: Buffer.alloc(64).toString('base64') });

    await assert.rejects(link.ended, WrongFarmError);
    assert.deepEqual(
      heard.map(({ t }) => t),
      ['prove'],
    );
  });

  it('proves itself, checks the farm, and says hello', async () => {
    const welcomed = Promise.withResolvers<void>();
    const link = connect(farmKey.fingerprint, () => welcomed.resolve());
    link.ended.catch(() => {});
    const socket = await farmSide;
    await once(socket, 'heard');

    prove(socket);
    await once(socket, 'heard');
    say(socket, { t: 'welcome', session: 's', builds: [] });

    await welcomed.promise;
    assert.deepEqual(
      heard.map(({ t }) => t),
      ['prove', 'hello'],
    );
    link.close();
  });

  it('passes over what a newer farm says and it does not understand', async () => {
    const link = connect();
    const socket = await farmSide;
    await once(socket, 'heard');
    prove(socket);
    await once(socket, 'heard');
    say(socket, { t: 'welcome', session: 's', builds: [] });

    socket.send(JSON.stringify({ t: 'forecast', text: 'rain' }));
    socket.send(JSON.stringify({ t: 'drain', reason: 'enough', mood: 'sunny' }));
    socket.close(closeCodes.restarting, 'the end');

    await assert.rejects(link.ended, /the end/);
    assert.deepEqual(taken, [{ t: 'drain', reason: 'enough' }]);
  });

  for (const [name, data] of [
    ['no JSON', 'hello?'],
    ['an unknown type before the session', '{"t":"reboot"}'],
    ['a message before its time', '{"t":"drain","reason":"now"}'],
  ] as const) {
    it(`ends after ${name}`, async () => {
      const link = connect();

      (await farmSide).send(data);

      await assert.rejects(link.ended, /bad frame from the farm/);
    });
  }

  it('tells by the code whether another try is of use', async () => {
    const link = connect();

    (await farmSide).close(closeCodes.revoked, "this worker's key was revoked");

    await assert.rejects(link.ended, (error) => {
      assert.ok(error instanceof LinkError);
      assert.deepEqual([error.next, error.message], ['give-up', "this worker's key was revoked"]);
      return true;
    });
    assert.equal(new LinkError(closeCodes.pending, '').next, 'wait');
    assert.equal(new LinkError(1006, '').next, 'retry');
  });

  it('keeps its key where only its user can read it', () => {
    openWorkerKey(join(dir, 'worker.pem'));

    assert.equal(statSync(join(dir, 'worker.pem')).mode & 0o777, 0o600);
  });

  function prove(socket: WebSocket): void {
    const [message] = heard;
    assert.ok(message?.t === 'prove');
    const bytes = signedBytes('farm', {
      farm: 'A farm',
      name: 'w1',
      version: 1,
      farmNonce: 'bm9uY2U=',
      workerNonce: message.nonce,
    });
    say(socket, { t: 'proof', version: 1, signature: farmKey.sign(bytes) });
  }
});

function say(socket: WebSocket, message: FarmMessage): void {
  socket.send(JSON.stringify(message));
}
