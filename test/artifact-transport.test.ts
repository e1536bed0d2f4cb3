import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pieceBytes, problemSchema, uploadPath } from '@weir/protocol';
import { after, afterEach, before, describe, it } from 'mocha';
import { downloadObject } from '../packages/worker/src/artifact/download.ts';
import { uploadObject } from '../packages/worker/src/artifact/upload.ts';
import { takeBuild } from './support/busy-worker.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { FarmProcess } from './support/farm-process.ts';
import { RawWorker } from './support/raw-worker.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

const mib = 1024 * 1024;
/** A gigabyte takes a while: `WEIR_ARTIFACT_MB=1024`. */
const objectBytes = Number(process.env['WEIR_ARTIFACT_MB'] ?? 40) * mib;
const firstPauseMs = 10;
const { signal } = new AbortController();

describe('an artifact on its way', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: RawWorker;
  let upload: { build: number; token: string };
  let dir: string;

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-objects-'));
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({ artifacts: 'any', extra: 'limits: { artifact: 2GiB }\n' }),
      remotes: repositories.remotes,
    });
    worker = new RawWorker('maker');
    const { spec } = await takeBuild(farm, worker);
    upload = { build: spec.build, token: spec.uploadToken ?? '' };
  });
  after(async () => {
    worker?.drop();
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const name of await readdir(dir)) await rm(join(dir, name));
  });

  /** A file that no compression makes smaller. */
  async function makeObject(
    bytes: number,
  ): Promise<{ file: string; sha256: string; bytes: number }> {
    const file = join(dir, 'object');
    const hash = createHash('sha256');
    const piece = randomBytes(mib);
    const pieces = function* (): Generator<Buffer> {
      for (let at = 0; at < bytes; at += piece.length) {
        piece.writeDoubleBE(at, 0);
        const chunk = Buffer.from(piece.subarray(0, Math.min(piece.length, bytes - at)));
        hash.update(chunk);
        yield chunk;
      }
    };
    await pipeline(Readable.from(pieces()), createWriteStream(file));
    return { file, sha256: hash.digest('hex'), bytes };
  }

  async function sha256Of(file: string): Promise<string> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    return hash.digest('hex');
  }

  /** The most memory that the master has taken so far, in bytes. */
  async function peakOfMaster(): Promise<number> {
    const status = await readFile(`/proc/${farm.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  function patch(sha256: string, headers: Record<string, string>, body = 'x'): Promise<Response> {
    return fetch(new URL(uploadPath(upload.build, sha256), farm.url), {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${upload.token}`,
        'upload-length': '4',
        'upload-offset': '0',
        ...headers,
      },
      body,
    });
  }

  it('goes through cut links both ways, piece by piece, and takes no memory', async function () {
    this.timeout(600_000);
    const { file, ...object } = await makeObject(objectBytes);
    const cutAt = [0.2, 0.21, 0.7, 1.1, 1.5, 1.9].map((part) => part * object.bytes);
    await using line = await CuttingProxy.start(() => Number(new URL(farm.url).port), cutAt);
    const place = { farm: `http://127.0.0.1:${line.port}`, signal, firstPauseMs };
    const [master, own] = [await peakOfMaster(), process.memoryUsage().rss];

    await uploadObject(place, { ...upload, file, object });
    const fetched = join(dir, 'fetched');
    await downloadObject(place, fetched, object);

    assert.equal(line.cuts, cutAt.length);
    assert.equal(await sha256Of(fetched), object.sha256);
    const grown = {
      master: (await peakOfMaster()) - master,
      worker: process.memoryUsage().rss - own,
    };
    if (process.env['WEIR_ARTIFACT_MB'] !== undefined) {
      console.log(`    ${object.bytes / mib} MiB; grown by ${JSON.stringify(grown)} bytes`);
    }
    for (const bytes of Object.values(grown)) assert.ok(bytes < 16 * pieceBytes, `${bytes}`);
  });

  it('is not sent again where the farm has it', async () => {
    const { file, ...object } = await makeObject(1_000);
    const place = { farm: farm.url, signal, firstPauseMs };
    await uploadObject(place, { ...upload, file, object });
    await writeFile(file, '');

    await uploadObject(place, { ...upload, file, object });
  });

  it('is refused with a wrong byte, and nothing of it stays', async () => {
    const { file, ...object } = await makeObject(100_000);
    const wrong = { ...object, sha256: 'b'.repeat(64) };
    const place = { farm: farm.url, signal, firstPauseMs };

    const uploaded = uploadObject(place, { ...upload, file, object: wrong });

    await assert.rejects(uploaded, /the bytes that came are not those of b{64}/);
    await assert.rejects(downloadObject(place, join(dir, 'none'), wrong), /there is no object/);
    const left = await readdir(join(farm.dataDir, 'objects', 'uploads'));
    assert.deepEqual(left, []);
  });

  it('that was changed on the disk of the farm is not taken by a worker', async () => {
    const { file, ...object } = await makeObject(100_000);
    const place = { farm: farm.url, signal, firstPauseMs };
    await uploadObject(place, { ...upload, file, object });
    const { sha256 } = object;
    const stored = join(farm.dataDir, 'objects', sha256.slice(0, 2), sha256);
    const bytes = await readFile(stored);
    bytes[5_000] = (bytes[5_000] ?? 0) ^ 1;
    await writeFile(stored, bytes);

    const fetched = downloadObject(place, join(dir, 'fetched'), object);

    await assert.rejects(fetched, /its bytes are not those of its hash/);
  });

  for (const [what, damage] of [
    ['bytes that changed', (bytes: Buffer) => bytes.fill(1, 5_000, 5_001)],
    ['another length', (bytes: Buffer) => bytes.subarray(0, 50_000)],
  ] as const) {
    it(`replaces, when it is brought again, a file of ${what}`, async () => {
      const { file, ...object } = await makeObject(100_000);
      const place = { farm: farm.url, signal, firstPauseMs };
      await uploadObject(place, { ...upload, file, object });
      const { sha256 } = object;
      const stored = join(farm.dataDir, 'objects', sha256.slice(0, 2), sha256);
      await writeFile(stored, damage(await readFile(stored)));

      await uploadObject(place, { ...upload, file, object });

      assert.equal(await sha256Of(stored), sha256);
    });
  }

  it('goes on where an earlier fetch was given up', async () => {
    const { file, ...object } = await makeObject(100_000);
    const place = { farm: farm.url, signal, firstPauseMs };
    await uploadObject(place, { ...upload, file, object });
    const fetched = join(dir, 'fetched');
    const bytes = await readFile(file);
    await writeFile(fetched, bytes.subarray(0, 60_000));

    await downloadObject(place, fetched, object);

    assert.deepEqual(await readFile(fetched), bytes);
  });

  for (const [what, headers, status, code] of [
    ['no token', { authorization: '' }, 401, 'wrong-upload-token'],
    ['another token', { authorization: `Bearer ${'a'.repeat(43)}` }, 401, 'wrong-upload-token'],
    ['no length', { 'upload-length': '' }, 400, 'bad-upload'],
    ['a length over the limit', { 'upload-length': String(3 * 1024 * mib) }, 413, 'body-too-large'],
    ['another place to go on', { 'upload-offset': '3' }, 409, 'wrong-offset'],
  ] as const) {
    it(`is refused with ${what}`, async () => {
      const answer = await patch('c'.repeat(64), headers);

      const problem = problemSchema.parse(await answer.json());
      assert.deepEqual([answer.status, problem.code], [status, code]);
    });
  }

  it('is refused once its build is over', async () => {
    await mkdir(dir, { recursive: true });
    worker.send({
      t: 'lost',
      build: upload.build,
      epoch: 1,
      reason: 'its agent was ended',
    });
    await farm.events.until('build.lost');

    const answer = await patch('c'.repeat(64), {});

    assert.equal(answer.status, 410);
  });
});
