import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { BucketServer, bucketKeys } from '../../../../../test/support/bucket-server.ts';
import { needs } from '../../../../../test/support/needs.ts';
import { RadosGateway } from '../../../../../test/support/rados-gateway.ts';
import type { ObjectStore } from '../../../src/builds/objects/object-store.ts';
import type { ObjectUploads } from '../../../src/builds/objects/object-uploads.ts';
import { WrongBytesError } from '../../../src/builds/objects/object-uploads.ts';
import { objectsPlaceOf } from '../../../src/builds/objects/objects-place.ts';
import { openObjects } from '../../../src/builds/objects/open-objects.ts';

const mib = 1024 * 1024;
const day = 86_400_000;
const zstd = Buffer.from('28b52ffd00', 'hex');

let bucket: BucketServer;
let gateway: RadosGateway | undefined;
let prefix = '';

interface Driver {
  readonly url: (dir: string) => string;
  /** The same in another bucket, where there are any. */
  readonly inBucket?: (bucket: string) => string;
  /** Starts what it takes. */
  readonly prepare: (context: Mocha.Context) => Promise<void>;
  /** Where the bytes of an object are on this machine; absent where nobody else gets at them. */
  readonly files?: {
    of(dir: string, sha256: string): string;
    /** What touching changes. */
    touched(dir: string, sha256: string): string;
  };
}

const shared = (dir: string, sha256: string): string =>
  join(dir, 'shared', sha256.slice(0, 2), sha256);
const s3rver: Driver = {
  url: () => bucket.url(prefix),
  inBucket: (name) => bucket.url(prefix, { bucket: name }),
  prepare: async () => {},
  files: {
    of: (_dir, sha256) => bucket.fileOf(prefix, sha256),
    // Amazon's copy of an object onto itself has another time; this server writes what goes with it alone.
    touched: (_dir, sha256) => bucket.metadataOf(prefix, sha256),
  },
};
const ceph: Driver = {
  url: () => gateway?.url(prefix) ?? '',
  inBucket: (name) => gateway?.url(prefix, { bucket: name }) ?? '',
  prepare: async (context) => {
    needs(context, 'radosgw');
    context.timeout(120_000);
    gateway ??= await RadosGateway.start();
    if (gateway !== undefined) return;
    console.log('      skipped: Ceph does not start here within a minute');
    context.skip();
  },
};
const drivers: Readonly<Record<string, Driver>> = {
  files: {
    url: (dir) => `file://${dir}/shared`,
    prepare: async () => {},
    files: { of: shared, touched: shared },
  },
  s3rver,
  "Ceph's gateway": ceph,
};

describe('where objects are', () => {
  before(async () => {
    Object.assign(process.env, bucketKeys);
    bucket = await BucketServer.start();
  });
  after(async () => {
    for (const name of Object.keys(bucketKeys)) delete process.env[name];
    await bucket?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
  });

  for (const [name, { url, inBucket, prepare, files }] of Object.entries(drivers)) {
    describe(`objects on ${name}`, () => {
      before(async function () {
        await prepare(this);
      });

      let dir: string;
      let objects: ObjectStore;
      let uploads: ObjectUploads;

      beforeEach(async () => {
        dir = await mkdtemp(join(tmpdir(), 'weir-objects-'));
        prefix = `farms/${randomBytes(4).toString('hex')}`;
        await open();
      });
      afterEach(() => rm(dir, { recursive: true, force: true }));

      /** As another life of the farm does it. */
      async function open(): Promise<void> {
        ({ objects, uploads } = await openObjects(objectsPlaceOf(url(dir), dir)));
      }

      async function put(bytes: Buffer): Promise<string> {
        const sha256 = sha256Of(bytes);
        await writeFile(join(dir, sha256), bytes);
        await objects.take(sha256, join(dir, sha256));
        return sha256;
      }

      /** All pages. */
      async function untouchedSince(time: number): Promise<string[]> {
        const all: string[] = [];
        for (let after: string | null = null; ;) {
          const { hashes, next } = await objects.untouchedSince(time, after);
          all.push(...hashes);
          if (next === null) return all.toSorted();
          after = next;
        }
      }

      it('are had again byte for byte, whole or in ranges', async () => {
        const bytes = randomBytes(1_000);

        const sha256 = await put(bytes);

        assert.equal(await objects.bytesOf(sha256), 1_000);
        assert.deepEqual(await buffer(await objects.read(sha256, { from: 0, to: 1_000 })), bytes);
        const some = await buffer(await objects.read(sha256, { from: 10, to: 20 }));
        assert.deepEqual(some, bytes.subarray(10, 20));
        assert.ok(!existsSync(join(dir, sha256)), 'the file was taken');
      });

      it('of many megabytes are had again', async () => {
        const bytes = randomBytes(40 * mib + 1);

        const sha256 = await put(bytes);

        assert.equal(await objects.bytesOf(sha256), bytes.length);
        const range = { from: 16 * mib - 5, to: 32 * mib + 5 };
        const some = await buffer(await objects.read(sha256, range));
        assert.ok(some.equals(bytes.subarray(range.from, range.to)));
        assert.equal((await look(sha256)).sha256, sha256);
      });

      it('are known to be packed or not, in another life too', async () => {
        const [packed, plain] = [await put(zstd), await put(Buffer.from('plain'))];
        await open();

        assert.equal(await objects.isZstd(packed), true);
        assert.equal(await objects.isZstd(plain), false);
      });

      it('that are not here are told from those that can not be had', async () => {
        const none = sha256Of(Buffer.from('none'));

        assert.equal(await objects.bytesOf(none), undefined);
        assert.equal((await objects.look(none)).t, 'gone');
        await objects.remove(none);
        await objects.check();
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
        assert.equal(await objects.bytesOf(upload.sha256), undefined);

        await uploads.complete(upload);

        assert.equal(await objects.bytesOf(upload.sha256), 3_000);
        assert.equal(await uploads.received(upload), 0);
      });

      it('are refused with a wrong byte, and nothing of them stays', async () => {
        const upload = { build: 7, sha256: sha256Of(Buffer.from('right')) };
        await uploads.append(upload, Readable.from([Buffer.from('wrong')]), 5);

        await assert.rejects(uploads.complete(upload), WrongBytesError);

        assert.equal(await objects.bytesOf(upload.sha256), undefined);
        assert.equal(await uploads.received(upload), 0);
      });

      it('are listed, and can be removed', async () => {
        const [removed, left] = [await put(zstd), await put(Buffer.from('left'))];
        assert.deepEqual(await untouchedSince(Date.now() + day), [removed, left].toSorted());
        assert.deepEqual(await untouchedSince(Date.now() - day), []);

        await objects.remove(removed);

        assert.deepEqual(await untouchedSince(Date.now() + day), [left]);
        assert.equal(await objects.bytesOf(removed), undefined);
      });

      it('are removed as damaged only while they are those that were looked at', async () => {
        const sha256 = await put(zstd);
        const { version } = await look(sha256);

        await objects.removeDamaged(sha256, `${version}0`);
        assert.notEqual(await objects.bytesOf(sha256), undefined);
        await objects.removeDamaged(sha256, version);
        assert.equal(await objects.bytesOf(sha256), undefined);
      });

      if (files !== undefined) {
        it('are listed by pages once nobody touched them for long, and can be removed', async () => {
          const all = await Promise.all(
            Array.from({ length: 20 }, (_, n) => put(Buffer.from(`object ${n}`))),
          );
          const [fresh = '', removed = '', ...old] = all;
          for (const each of [removed, ...old]) await age(files.of(dir, each), 2 * day);
          assert.deepEqual(await untouchedSince(Date.now() - 3 * day), []);
          assert.deepEqual(await untouchedSince(Date.now() - day), [removed, ...old].toSorted());

          await objects.remove(removed);

          assert.deepEqual(await untouchedSince(Date.now() - day), old.toSorted());
          assert.equal(await objects.bytesOf(fresh), 'object 0'.length);
        });

        it('that are about to be referred to are touched', async () => {
          const sha256 = await put(zstd);
          const file = files.touched(dir, sha256);
          for (const each of [files.of(dir, sha256), file]) await age(each, 2 * day);

          await objects.touch(sha256);

          assert.ok(Date.now() - (await stat(file)).mtimeMs < day);
          assert.equal(await objects.isZstd(sha256), true);
          assert.equal(await objects.bytesOf(sha256), zstd.length);
        });

        it('that were damaged are found, and removed unless others came in their place', async () => {
          const bytes = Buffer.from('as it was brought');
          const sha256 = await put(bytes);
          await writeFile(files.of(dir, sha256), 'as it is no longer');

          const { sha256: found, version } = await look(sha256);

          assert.equal(found, sha256Of(Buffer.from('as it is no longer')));
          await objects.removeDamaged(sha256, `${version}0`);
          assert.notEqual(await objects.bytesOf(sha256), undefined);
          await objects.removeDamaged(sha256, version);
          assert.equal(await objects.bytesOf(sha256), undefined);
        });
      }

      if (inBucket !== undefined) {
        it('are listed by pages of a thousand', async function () {
          this.timeout(120_000);
          const hashes = Array.from({ length: 1_001 }, (_, n) => sha256Of(Buffer.from(`${n}`)));
          for (const hash of hashes) {
            await writeFile(join(dir, hash), 'x');
            await objects.take(hash, join(dir, hash));
          }

          const first = await objects.untouchedSince(Date.now() + day, null);

          // A server may tell less at once than it could.
          assert.ok(first.hashes.length <= 1_000 && first.next !== null);
          assert.deepEqual(await untouchedSince(Date.now() + day), hashes.toSorted());
        });

        it('are not taken for lost where there is no such bucket', async () => {
          ({ objects } = await openObjects(objectsPlaceOf(inBucket('nowhere'), dir)));
          const none = sha256Of(Buffer.from('none'));

          await assert.rejects(
            objects.check(),
            /^ObjectsAwayError: there is no bucket 'nowhere' at http/,
          );
          await assert.rejects(objects.bytesOf(none), /there is no bucket 'nowhere'/);
          assert.equal((await objects.look(none)).t, 'unread');
        });

        it('are denied, by words that say with which variables they were asked for', async () => {
          process.env['AWS_ACCESS_KEY_ID'] = 'nobody';
          await open();
          Object.assign(process.env, bucketKeys);

          await assert.rejects(
            objects.check(),
            /denies access to bucket 'farm'.*AWS_ACCESS_KEY_ID/,
          );
          await assert.rejects(objects.bytesOf(sha256Of(zstd)), /denies access to bucket 'farm'/);
        });
      }

      async function look(sha256: string): Promise<{ sha256: string; version: string }> {
        const seen = await objects.look(sha256);
        assert.ok(seen.t === 'read');
        return seen;
      }
    });
  }
});

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function age(file: string, ms: number): Promise<void> {
  const time = new Date(Date.now() - ms);
  await utimes(file, time, time);
}
