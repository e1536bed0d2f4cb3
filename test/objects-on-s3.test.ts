import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiArtifactSchema, problemSchema, uploadPath } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { z } from 'zod';
import { uploadObject } from '../packages/worker/src/artifact/upload.ts';
import { BucketServer, bucketKeys } from './support/bucket-server.ts';
import { takeBuild } from './support/busy-worker.ts';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';

describe('a farm with its objects on S3-compatible storage', () => {
  let bucket: BucketServer;
  let repositories: SmallFarm;
  let farm: FarmProcess;

  beforeEach(async () => {
    bucket = await BucketServer.start();
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await bucket?.[Symbol.asyncDispose]();
  });

  async function start(options: Parameters<SmallFarm['farm']>[0]): Promise<void> {
    farm = await FarmProcess.start({
      farm: repositories.farm(options),
      remotes: repositories.remotes,
      env: { ...bucketKeys, WEIR_OBJECTS_URL: bucket.url('weir') },
    });
  }

  const ready = async (): Promise<number> => (await fetch(`${farm.url}/readyz`)).status;

  /** Resolves when `/readyz` says so: nothing of that is an event. */
  async function readyIs(status: number): Promise<void> {
    while ((await ready()) !== status) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  it('builds a runtime that another worker runs, and everybody can download', async () => {
    await start({ artifacts: 'trusted' });
    await farm.addWorker({ name: 'maker', trust: 'trusted' });
    const made = await farm.events.until('artifact.stored');
    await farm.events.until('build.finished', { data: { builder: runtimeBuilder } });
    await farm.workers[0]?.kill();
    await farm.events.until('worker.offline', { subject: 'worker/maker' });
    const { last: after } = farm.events;
    await farm.addWorker({ name: 'plain' });
    await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'on another machine' });

    const run = await farm.events.until('build.finished', { after, data: { builder: appBuilder } });

    assert.equal(run.data['result'], 'success');
    const begun = farm.events.all.findLast(
      ({ kind, subject }) => kind === 'build.started' && subject === run.subject,
    );
    assert.equal(begun?.data['worker'], 'plain');
    const { sha256, bytes } = z.object({ sha256: z.string(), bytes: z.number() }).parse(made.data);
    assert.ok(existsSync(bucket.fileOf('weir', sha256)));
    assert.deepEqual(await readdir(join(farm.dataDir, 'objects')), ['uploads']);
    assert.deepEqual(await readdir(join(farm.dataDir, 'objects', 'uploads')), []);
    const listed = z.object({ items: z.array(apiArtifactSchema) });
    const { items } = await farm.get(`/api/v1/artifacts?builder=${runtimeBuilder}`, listed);
    assert.deepEqual(
      items.map((item) => item.sha256),
      [sha256],
    );
    const whole = await fetch(`${farm.url}/artifacts/${sha256}`);
    assert.equal(whole.headers.get('content-type'), 'application/zstd');
    const content = Buffer.from(await whole.arrayBuffer());
    assert.equal(content.length, bytes);
    assert.equal(createHash('sha256').update(content).digest('hex'), sha256);
    const part = await fetch(whole.url, { headers: { range: 'bytes=4-9' } });
    assert.equal(part.status, 206);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), content.subarray(4, 10));
  });

  it('builds a runtime again that rotted there, once a worker finds out', async () => {
    await start({ artifacts: 'any' });
    const first = await farm.addWorker({ name: 'w1' });
    const { data } = await farm.events.until('artifact.stored');
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
    await first.kill();
    await farm.events.until('worker.offline', { subject: 'worker/w1' });
    const sha256 = String(data['sha256']);
    const file = bucket.fileOf('weir', sha256);
    const content = await readFile(file);
    await writeFile(file, Buffer.alloc(content.length, 'x'));
    const { last: after } = farm.events;
    await farm.addWorker({ name: 'w2' });

    await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'once more' });

    const dropped = await farm.events.until('artifact.dropped', { after });
    assert.equal(dropped.data['sha256'], sha256);
    const again = { data: { builder: appBuilder, result: 'success' }, after };
    await farm.events.until('build.finished', again);
    assert.ok((await readFile(file)).equals(content));
  });

  it('says that the storage is away, and takes what was brought once it is back', async function () {
    this.timeout(120_000);
    await start({ artifacts: 'any' });
    const worker = new RawWorker('maker');
    const dir = await mkdtemp(join(tmpdir(), 'weir-objects-'));
    try {
      const { spec } = await takeBuild(farm, worker);
      const upload = { build: spec.build, token: spec.uploadToken ?? '' };
      const content = Buffer.alloc(20_000_000, 'weir');
      const sha256 = createHash('sha256').update(content).digest('hex');
      const object = { sha256, bytes: content.length };
      const file = join(dir, 'object');
      await writeFile(file, content);
      await bucket.stop();
      await readyIs(503);
      const refused = await fetch(new URL(uploadPath(upload.build, sha256), farm.url), {
        headers: {
          authorization: `Bearer ${upload.token}`,
          'upload-length': '4',
          'upload-offset': '0',
        },
        method: 'PATCH',
        body: 'weir',
      });
      assert.equal(refused.status, 503);
      const { code, detail } = problemSchema.parse(await refused.json());
      assert.equal(code, 'objects-away');
      assert.match(detail, /can't be asked for bucket 'farm': ECONNREFUSED/);
      const page = await (await fetch(farm.url)).text();
      assert.match(page, /Artifacts and lists of tests can(&#39;|')t be had/);

      const { signal } = new AbortController();
      const place = { farm: farm.url, signal, firstPauseMs: 10 };
      const bringing = uploadObject(place, { ...upload, file, object });
      await farm.stop();
      await farm.start();
      await bucket.start();
      await bringing;

      assert.ok((await readFile(bucket.fileOf('weir', sha256))).equals(content));
      await readyIs(200);
    } finally {
      worker.drop();
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('asks again for what a build made, when the storage was away as it was told', async () => {
    await start({ artifacts: 'any' });
    const worker = new RawWorker('maker');
    const dir = await mkdtemp(join(tmpdir(), 'weir-objects-'));
    try {
      const { spec, epoch } = await takeBuild(farm, worker);
      const file = join(dir, 'object');
      await writeFile(file, 'a runtime');
      const sha256 = createHash('sha256').update('a runtime').digest('hex');
      const object = { sha256, bytes: 9 };
      const place = { farm: farm.url, signal: new AbortController().signal };
      const { build, uploadToken: token = '' } = spec;
      await uploadObject(place, { build, token, file, object });
      const made = { ...object, unpackedBytes: 9, files: 1 };
      const artifact = { n: 1, at: 1, t: 'artifact' as const, ...made };
      await bucket.stop();

      worker.send({ t: 'journal', build, epoch, entries: [artifact] });
      await worker.next('rewind');
      await bucket.start();
      worker.send({ t: 'journal', build, epoch, entries: [artifact] });

      assert.equal((await worker.next('ack')).entries, 1);
    } finally {
      worker.drop();
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('does not begin without credentials, or with an address that is none', async () => {
    const options = { farm: repositories.farm(), remotes: repositories.remotes };
    for (const [url, said] of [
      ['s3://farm/weir', /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set/],
      ['http://127.0.0.1/farm', /expected s3:\/\/BUCKET\/PREFIX or file:\/\/\/FOLDER/],
    ] as const) {
      const env = { AWS_ACCESS_KEY_ID: '', WEIR_OBJECTS_URL: url };
      await assert.rejects(FarmProcess.start({ ...options, env }), said);
    }
  });
});
