import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ObjectUploads } from '../../src/artifact/object-uploads.ts';

const objects = [
  { sha256: 'a'.repeat(64), bytes: 3 },
  { sha256: 'b'.repeat(64), bytes: 3 },
];

describe('objects on their way', () => {
  let dir: string;
  let server: Server;
  /** What the farm answers to a HEAD. */
  let status = 204;
  const asked: string[] = [];
  const { signal } = new AbortController();

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-uploads-'));
    for (const { sha256 } of objects) writeFileSync(join(dir, sha256), 'abc');
    asked.length = 0;
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url?.slice(-3)} ${request.headers.authorization}`);
      request.resume();
      request.on('end', () => {
        response.setHeader('upload-offset', '0');
        response.writeHead(request.method === 'PATCH' ? 201 : status).end();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(dir, { recursive: true });
  });

  function uploads(patienceMs?: number): ObjectUploads {
    const { port } = server.address() as AddressInfo;
    const place = { farm: `http://127.0.0.1:${port}`, build: 7, token: 't', dir, firstPauseMs: 5 };
    return new ObjectUploads({ ...place, ...(patienceMs !== undefined && { patienceMs }) });
  }

  it('are brought, one after another, by the time that the build ends', async () => {
    status = 204;
    const bringing = uploads();

    bringing.bring(objects);
    await bringing.settle(signal);

    assert.deepEqual(asked, [
      'HEAD aaa Bearer t',
      'PATCH aaa Bearer t',
      'HEAD bbb Bearer t',
      'PATCH bbb Bearer t',
    ]);
  });

  it('are not sent where the farm has them', async () => {
    status = 201;
    const bringing = uploads();

    bringing.bring(objects);
    await bringing.settle(signal);

    assert.deepEqual(asked, ['HEAD aaa Bearer t', 'HEAD bbb Bearer t']);
  });

  it('are let go where the farm refuses them', async () => {
    status = 403;
    const bringing = uploads();

    bringing.bring(objects);
    await bringing.settle(signal);

    assert.equal(asked.length, 2);
  });

  it('do not hold a build for ever, nor one that is cancelled', async () => {
    status = 503;
    const impatient = uploads(20);
    impatient.bring(objects);
    await impatient.settle(signal);
    const cancelled = new AbortController();
    const patient = uploads();
    patient.bring(objects);

    const settled = patient.settle(cancelled.signal);
    cancelled.abort();

    await settled;
  });

  it('are not sent when they are empty', async () => {
    const bringing = uploads();

    bringing.bring([{ sha256: 'c'.repeat(64), bytes: 0 }]);
    await bringing.settle(signal);

    assert.deepEqual(asked, []);
  });

  it('cost a build that has none no time', async () => {
    await uploads().settle(signal);

    assert.deepEqual(asked, []);
  });
});
