import assert from 'node:assert/strict';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema, logLinesSchema, problemSchema } from '@weir/protocol';
import type { ApiBuild } from '@weir/protocol';
import { sql } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { openReader } from '../packages/master/src/store/store.ts';
import { BucketServer, bucketKeys } from './support/bucket-server.ts';
import { FarmProcess } from './support/farm-process.ts';
import { needs } from './support/needs.ts';
import type { PostgresServer } from './support/postgres-server.ts';
import { startPostgres } from './support/postgres-server.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';
import { createDatabase } from './support/test-store.ts';

const lines = 200_000;
/** More than sockets hold on their way to who does not read on, also when it is packed. */
const bigBytes = 30_000_000;
const expected = Array.from({ length: lines }, (_, n) => `${n + 1}\n`).join('');

describe('a farm with its logs on PostgreSQL and S3-compatible storage', function () {
  this.timeout(120_000);
  let server: PostgresServer;
  let bucket: BucketServer;
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let database: string;
  let build: ApiBuild;
  let object: string;

  before(async function () {
    needs(this, 'postgres');
    server = await startPostgres();
    database = await createDatabase(server.url('postgres'), 'farm');
    bucket = await BucketServer.start();
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({
        steps: [`- test: seq ${lines}`, `- big: head -c ${bigBytes} /dev/urandom | base64`],
      }),
      remotes: repositories.remotes,
      env: {
        ...bucketKeys,
        WEIR_DATABASE_URL: database,
        WEIR_OBJECTS_URL: bucket.url('weir'),
      },
    });
    await farm.addWorker({ name: 'w1' });
    const ended = await farm.events.until('build.finished', { data: { builder: appBuilder } });
    build = await farm.get(`/api/v1/${ended.subject.replace('build', 'builds')}`, buildSchema);
    object = await packedObject(0);
    await packedObject(1);
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await bucket?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Once the log of a step is packed: nothing of that is an event. */
  async function packedObject(step: number): Promise<string> {
    await using db = await openReader(database);
    for (;;) {
      const { rows } = await sql<{ sha256: string }>`
        select packed_sha256 as sha256 from log_head
        where packed_sha256 is not null and log_id = ${build.steps[step]?.log?.id}`.execute(db);
      if (rows[0] !== undefined) return rows[0].sha256;
      await sleep(50);
    }
  }

  const logPath = (step = 0): string => `/api/v1/logs/${build.steps[step]?.log?.id}`;
  const ask = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(new URL(path, farm.url), init);

  it('gives a packed log whole, in parts and by lines', async () => {
    assert.equal(await (await ask(logPath())).text(), expected);
    const part = await ask(logPath(), { headers: { range: 'bytes=700000-700009' } });
    assert.equal(await part.text(), expected.slice(700_000, 700_010));
    const { items } = await farm.get(
      `${logPath()}/lines?from=${lines / 2}&count=2`,
      logLinesSchema,
    );
    assert.deepEqual(
      items.map(({ text }) => text),
      [`${lines / 2 + 1}`, `${lines / 2 + 2}`],
    );
  });

  it('has it in the bucket, and nothing of logs in the data folder', async () => {
    assert.equal(object.length, 64);
    assert.ok(!(await readdir(farm.dataDir)).includes('logs'));
    assert.deepEqual(await readdir(join(farm.dataDir, 'objects', 'uploads')), []);
  });

  it('says why a log can not be had while the storage is away; pages have the rest', async () => {
    await bucket.stop();
    const lineOfIt = await ask(`${logPath()}/lines?from=10&count=1`);
    const whole = await ask(logPath(), { headers: { range: 'bytes=10-' } });
    const page = await ask(`/builds/${build.id}`);

    for (const refused of [lineOfIt, whole]) {
      assert.equal(refused.status, 503);
      assert.equal(problemSchema.parse(await refused.json()).code, 'objects-away');
    }
    for (const name of ['content-range', 'accept-ranges']) {
      assert.equal(whole.headers.get(name), null, name);
    }
    // A strong one would be that of the log.
    assert.doesNotMatch(whole.headers.get('etag') ?? '', /^"/);
    assert.equal(page.status, 200);

    await bucket.start();
    assert.equal(await (await ask(logPath())).text(), expected);
  });

  it('breaks the connection of who reads a log that can not be had further, and logs why', async () => {
    const response = await ask(logPath(1));
    const reader = response.body?.getReader();
    await reader?.read();
    await bucket.stop();

    const readAll = async (): Promise<void> => {
      while ((await reader?.read())?.done === false);
    };
    await assert.rejects(readAll());
    await farm.logged(
      `log ${build.steps[1]?.log?.id} broke off for who reads it: ObjectsAwayError`,
    );
    await bucket.start();
  });

  it('says that the object of a log is missing where the storage is there', async () => {
    const file = bucket.fileOf('weir', object);
    await rename(file, `${file}.gone`);

    const answers = [await ask(logPath()), await ask(`${logPath()}/lines`)];
    const page = await ask(logPath().replace('/api/v1', ''), { headers: { accept: 'text/html' } });

    for (const answer of answers) {
      assert.equal(answer.status, 503);
      const { code, detail } = problemSchema.parse(await answer.json());
      assert.equal(code, 'object-missing');
      assert.match(detail, new RegExp(`were they moved, .* another --objects\\? .* ${object}$`));
    }
    assert.equal(page.status, 503);
    assert.match(await page.text(), /<h1>An object of the farm is missing<\/h1>/);
    await rename(`${file}.gone`, file);
    assert.equal(await (await ask(logPath())).text(), expected);
  });

  it('has the same after it was killed, and takes more', async () => {
    await farm.kill();
    await farm.start();

    assert.equal(await (await ask(logPath())).text(), expected);
    const { last } = farm.events;
    await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'once more' });
    const again = await farm.events.until('build.finished', {
      after: last,
      data: { builder: appBuilder },
    });
    const { steps } = await farm.get(
      `/api/v1/${again.subject.replace('build', 'builds')}`,
      buildSchema,
    );
    assert.equal(await (await ask(`/api/v1/logs/${steps[0]?.log?.id}`)).text(), expected);
  });
});
