import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StoredObject } from '@weir/protocol';
import { downloadObject } from '../../packages/worker/src/artifact/download.ts';
import { uploadObject } from '../../packages/worker/src/artifact/upload.ts';
import { takeBuild } from '../../test/support/busy-worker.ts';
import { FarmProcess } from '../../test/support/farm-process.ts';
import { RawWorker } from '../../test/support/raw-worker.ts';
import { createSmallFarm } from '../../test/support/small-farm.ts';
import { memoryMb, Report, round, waitQuiet } from '../measures.ts';

const mib = 1024 * 1024;

/**
 * M10: one artifact goes to the farm and comes back: hashed, synced, and checked at both ends. Beside
 * it a copy of the file that is synced, and a plain GET from node's own server.
 */
export async function m10Artifacts(name: string, mb: number): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  await using disposing = new AsyncDisposableStack();
  disposing.defer(() => rm(dir, { recursive: true, force: true }));
  const repositories = disposing.use(await createSmallFarm());
  const farm = disposing.use(
    await FarmProcess.start({
      farm: repositories.farm({ artifacts: 'any' }),
      remotes: repositories.remotes,
    }),
  );
  const worker = new RawWorker('maker');
  disposing.defer(() => worker.drop());
  const { spec } = await takeBuild(farm, worker);
  const file = join(dir, 'artifact');
  const object = await makeObject(file, mb);
  const report = new Report('weir', name, { mb });
  await waitQuiet(farm.pid);
  const before = memoryMb(farm.pid).peak;
  const place = { farm: farm.url, signal: new AbortController().signal };
  const upload = { build: spec.build, token: spec.uploadToken ?? '', file, object };
  const fetched = join(dir, 'fetched');
  const rates = {
    upload: await rate(mb, () => uploadObject(place, upload)),
    download: await rate(mb, () => downloadObject(place, fetched, object)),
    copy: await rate(mb, () => copySynced(file, join(dir, 'copy'))),
    plain: await plainRate(mb, file, join(dir, 'plain')),
  };
  for (const [what, value] of Object.entries(rates)) {
    report.emit(`m10.${what}_mb_per_s`, value, 'MB/s', {});
  }
  report.emit('m10.master_grown_mb', memoryMb(farm.pid).peak - before, 'MB', {
    before_mb: round(before, 1),
  });
}

async function rate(mb: number, act: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await act();
  return mb / ((performance.now() - begin) / 1_000);
}

async function makeObject(file: string, mb: number): Promise<StoredObject> {
  const hash = createHash('sha256');
  const pieces = function* (): Generator<Buffer> {
    for (let n = 0; n < mb; n++) {
      const piece = randomBytes(mib);
      hash.update(piece);
      yield piece;
    }
  };
  await pipeline(Readable.from(pieces()), createWriteStream(file));
  return { sha256: hash.digest('hex'), bytes: mb * mib };
}

async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await using file = await open(to);
  await file.sync();
}

/** A GET of the file from a server that does nothing else, into a file. */
async function plainRate(mb: number, file: string, to: string): Promise<number> {
  const server = createServer((_request, response) => createReadStream(file).pipe(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await rate(mb, async () => {
      const { body } = await fetch(`http://127.0.0.1:${port}/`);
      if (body !== null) await pipeline(body, createWriteStream(to, { flush: true }));
    });
  } finally {
    server.close();
  }
}
