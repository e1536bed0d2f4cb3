import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import {
  type ObjectStore,
  ObjectsAwayError,
} from '../packages/master/src/builds/objects/object-store.ts';
import type { ObjectUploads } from '../packages/master/src/builds/objects/object-uploads.ts';
import { objectsPlaceOf } from '../packages/master/src/builds/objects/objects-place.ts';
import { openObjects } from '../packages/master/src/builds/objects/open-objects.ts';
import { needs } from './support/needs.ts';
import { gatewayKeys, RadosGateway } from './support/rados-gateway.ts';

const mib = 1024 * 1024;
const zstd = Buffer.from('28b52ffd00', 'hex');

describe("objects on Ceph's gateway", function () {
  this.timeout(120_000);
  let gateway: RadosGateway;
  let dir: string;
  let url: string;
  let objects: ObjectStore;
  let uploads: ObjectUploads;

  before(async function () {
    needs(this, 'radosgw');
    const started = await RadosGateway.start();
    if (started === undefined) {
      console.log('      skipped: Ceph does not start here within a minute');
      this.skip();
    }
    gateway = started;
    Object.assign(process.env, gatewayKeys);
  });
  after(async () => {
    for (const name of Object.keys(gatewayKeys)) delete process.env[name];
    await gateway?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-objects-'));
    url = gateway.url(`farms/${randomBytes(4).toString('hex')}`);
    await open();
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** As another life of the farm does it. */
  async function open(): Promise<void> {
    ({ objects, uploads } = await openObjects(objectsPlaceOf(url, dir)));
  }

  async function put(bytes: Buffer): Promise<string> {
    const sha256 = sha256Of(bytes);
    await writeFile(join(dir, sha256), bytes);
    await objects.take(sha256, join(dir, sha256));
    return sha256;
  }

  it('are had again byte for byte, whole or in ranges', async () => {
    const bytes = randomBytes(1_000);

    const sha256 = await put(bytes);

    assert.equal(await objects.bytesOf(sha256), 1_000);
    assert.deepEqual(await buffer(await objects.read(sha256, { from: 0, to: 1_000 })), bytes);
    const some = await buffer(await objects.read(sha256, { from: 10, to: 20 }));
    assert.deepEqual(some, bytes.subarray(10, 20));
  });

  it('of many megabytes go there in parts', async () => {
    const bytes = randomBytes(40 * mib + 1);

    const sha256 = await put(bytes);

    const range = { from: 16 * mib - 5, to: 32 * mib + 5 };
    const some = await buffer(await objects.read(sha256, range));
    assert.ok(some.equals(bytes.subarray(range.from, range.to)));
    const seen = await objects.look(sha256);
    assert.ok(seen.t === 'read' && seen.sha256 === sha256);
  });

  it('are known to be packed or not, in another life too', async () => {
    const [packed, plain] = [await put(zstd), await put(Buffer.from('plain'))];
    await open();

    assert.equal(await objects.isZstd(packed), true);
    assert.equal(await objects.isZstd(plain), false);
  });

  it('come in pieces, and go on after a restart', async () => {
    const bytes = randomBytes(3_000);
    const upload = { build: 7, sha256: sha256Of(bytes) };
    for (const from of [0, 1_000, 2_000]) {
      await open();
      assert.equal(await uploads.received(upload), from);
      const part = bytes.subarray(from, from + 1_000);
      await uploads.append(upload, Readable.from([part]), 3_000 - from);
    }

    await uploads.complete(upload);

    assert.equal(await objects.bytesOf(upload.sha256), 3_000);
  });

  it('are listed by pages, and can be removed', async () => {
    const all: string[] = [];
    for (let n = 0; n < 1_001; n++) all.push(await put(Buffer.from(`object ${n}`)));
    const later = Date.now() + 60_000;

    const first = await objects.untouchedSince(later, null);
    const second = await objects.untouchedSince(later, first.next);

    assert.equal(first.hashes.length, 1_000);
    assert.equal(second.next, null);
    assert.deepEqual([...first.hashes, ...second.hashes], all.toSorted());
    assert.deepEqual((await objects.untouchedSince(Date.now() - 600_000, null)).hashes, []);
    const [removed = ''] = all;
    await objects.remove(removed);
    assert.equal(await objects.bytesOf(removed), undefined);
  });

  it('that were damaged are removed, unless others came in their place', async () => {
    const sha256 = await put(Buffer.from('as it was brought'));
    const seen = await objects.look(sha256);
    assert.ok(seen.t === 'read');

    await objects.removeDamaged(sha256, `${seen.version}0`);
    assert.notEqual(await objects.bytesOf(sha256), undefined);
    await objects.removeDamaged(sha256, seen.version);
    assert.equal(await objects.bytesOf(sha256), undefined);
  });

  it('that are not here are told from those that can not be had', async () => {
    const none = sha256Of(Buffer.from('none'));
    assert.equal(await objects.bytesOf(none), undefined);
    assert.equal((await objects.look(none)).t, 'gone');

    url = gateway.url('x', { bucket: 'nowhere' });
    await open();

    await assert.rejects(objects.check(), /there is no bucket 'nowhere'/);
    await assert.rejects(objects.bytesOf(none), ObjectsAwayError);
    assert.equal((await objects.look(none)).t, 'unread');
  });

  it('are denied to who has other keys', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'nobody';
    await open();
    Object.assign(process.env, gatewayKeys);

    await assert.rejects(objects.check(), /denies access to bucket 'farm'.*AWS_ACCESS_KEY_ID/);
  });
});

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
