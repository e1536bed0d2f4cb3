import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { BucketServer, bucketKeys } from '../../../../../test/support/bucket-server.ts';
import { ObjectsAwayError } from '../../../src/builds/objects/object-store.ts';
import { objectsPlaceOf } from '../../../src/builds/objects/objects-place.ts';
import { openObjects } from '../../../src/builds/objects/open-objects.ts';

describe('S3-compatible storage', () => {
  let bucket: BucketServer;
  let dir: string;

  before(async () => {
    Object.assign(process.env, bucketKeys);
    bucket = await BucketServer.start();
  });
  after(async () => {
    for (const name of Object.keys(bucketKeys)) delete process.env[name];
    await bucket?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-objects-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const open = (url: string) => openObjects(objectsPlaceOf(url, dir));

  it('is waited for while it is away: the upload stays, and is taken afterwards', async function () {
    this.timeout(60_000);
    const { objects, uploads } = await open(bucket.url('farms/a'));
    const bytes = randomBytes(20 * 1024 * 1024);
    const upload = { build: 1, sha256: createHash('sha256').update(bytes).digest('hex') };
    await uploads.append(upload, Readable.from([bytes]), bytes.length);

    await bucket.stop();
    try {
      const away = (error: unknown): boolean =>
        error instanceof ObjectsAwayError &&
        /^http:\/\/127.*can't be asked for bucket 'farm': ECONNREFUSED/.test(error.message);
      await assert.rejects(objects.bytesOf(upload.sha256), away);
      await assert.rejects(uploads.complete(upload), away);
      await assert.rejects(objects.check(), away);
      assert.equal((await objects.look(upload.sha256)).t, 'unread');
      assert.equal(await uploads.received(upload), bytes.length);
    } finally {
      await bucket.start();
    }

    await uploads.complete(upload);
    assert.equal(await objects.bytesOf(upload.sha256), bytes.length);
  });

  it('that does not answer is not waited for long', async function () {
    this.timeout(30_000);
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const { objects } = await open(`s3://farm/x?endpoint=http://127.0.0.1:${port}`);
      await assert.rejects(objects.check(), /^ObjectsAwayError: http:.* did not answer in time$/);
      const stopped = objects.check(AbortSignal.abort());
      await assert.rejects(stopped, ObjectsAwayError);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });
});
