import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import {
  apiArtifactSchema,
  buildSchema,
  farmSchema,
  problemSchema,
  requestSchema,
  workerSchema,
} from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { requestCancel } from '../packages/master/src/store/builds.ts';
import { recordEvents } from '../packages/master/src/store/events.ts';
import { askForBuild, requestById } from '../packages/master/src/store/requests.ts';
import { openStore } from '../packages/master/src/store/store.ts';
import { pauseWorker } from '../packages/master/src/workers/enrolment.ts';
import { validatedFetch } from './support/api.ts';
import { EventWatch } from './support/event-watch.ts';
import { FarmProcess, token } from './support/farm-process.ts';
import { needs } from './support/needs.ts';
import type { PostgresServer } from './support/postgres-server.ts';
import { startPostgres } from './support/postgres-server.ts';
import { RedisServer } from './support/redis-server.ts';
import { runWeir } from './support/run-weir.ts';
import { EventReader } from './support/server-sent-events.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';
import { createDatabase } from './support/test-store.ts';
import { WebProcess } from './support/web-process.ts';
import type { WorkerProcess } from './support/worker-process.ts';

const artifacts = z.object({ items: z.array(apiArtifactSchema) });
const builders = z.object({
  items: z.array(z.object({ name: z.string(), workersOnline: z.number() })),
});

const secret = 'secret of the hooks';

describe('web servers beside a master', function () {
  this.timeout(60_000);
  let disposing: AsyncDisposableStack;
  let server: PostgresServer;
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let worker: WorkerProcess;
  let one: WebProcess;
  let two: WebProcess;
  /** What the second one tells live. */
  let seen: EventWatch;
  let gate: string;
  let env: Record<string, string>;
  let farmText: string;

  before(async function () {
    needs(this, 'postgres', 'redis');
    disposing = new AsyncDisposableStack();
    server = disposing.use(await startPostgres());
    const redis = disposing.use(await RedisServer.start());
    repositories = disposing.use(await createSmallFarm());
    const dir = await mkdtemp(join(tmpdir(), 'weir-web-servers-'));
    disposing.defer(() => rm(dir, { recursive: true }));
    gate = join(dir, 'open');
    await writeFile(gate, '');
    const steps = [
      '- test: |',
      '    echo begun',
      `    while [ ! -e ${gate} ]; do sleep 0.05; done`,
      '    echo over',
    ];
    farmText = repositories.farm({ steps, artifacts: 'any' }).replaceAll('poll: 1s', 'poll: 1h');
    env = {
      WEIR_DATABASE_URL: await createDatabase(server.url('postgres'), 'farm'),
      WEIR_REDIS_URL: redis.url,
      WEIR_HOOK_SECRET: secret,
      WEIR_OBJECTS_URL: pathToFileURL(join(dir, 'objects')).href,
    };
    const dataDir = join(dir, 'data');
    // They may come up first.
    const webs = [1, 2].map(() => WebProcess.start({ dataDir, env }));
    const { remotes } = repositories;
    farm = disposing.use(await FarmProcess.start({ farm: farmText, remotes, env, dataDir }));
    const [first, second] = await Promise.all(webs);
    assert.ok(first && second);
    one = disposing.use(first);
    two = disposing.use(second);
    seen = new EventWatch(two.url);
    disposing.defer(() => seen.close());
  });
  after(() => disposing?.disposeAsync());

  const servers = (): string[] => [farm.url, one.url, two.url];

  async function get<T>(url: string, path: string, schema: z.ZodType<T>): Promise<T> {
    const response = await validatedFetch(new URL(path, url));
    assert.equal(response.status, 200, path);
    return schema.parse(await response.json());
  }

  function ask(url: string, path: string, body: object): Promise<Response> {
    return validatedFetch(new URL(path, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'a test', ...body }),
    });
  }

  async function force(url: string): Promise<number> {
    const response = await ask(url, '/api/v1/requests', { builder: appBuilder });
    assert.equal(response.status, 201);
    return requestSchema.parse(await response.json()).id;
  }

  /** Closes the gate, and asks one for a build. Resolves when another shows that it runs. */
  async function begin(): Promise<{ build: string; log: number }> {
    await rm(gate, { force: true });
    const request = await force(one.url);
    const { subject } = await seen.until('build.started', { data: { request } });
    await seen.until('step.started', { subject });
    const { steps } = await get(two.url, `/api/v1/${subject.replace('/', 's/')}`, buildSchema);
    return { build: subject.replace('build/', ''), log: steps[0]?.log?.id ?? 0 };
  }

  it('let a worker in that asked, and take the artifact that it brings', async () => {
    const asked = seen.until('worker.asked');
    worker = await farm.addWorker({ name: 'w1', slots: 2, isInvited: false, url: one.url });
    const { fingerprint } = z.object({ fingerprint: z.string() }).parse((await asked).data);

    const accepted = await ask(two.url, '/api/v1/workers/w1/accept', { fingerprint });

    assert.equal(accepted.status, 200);
    await seen.until('build.finished', { data: { builder: appBuilder, result: 'success' } });
    const [artifact] = (await get(two.url, '/api/v1/artifacts', artifacts)).items;
    assert.ok(artifact);
    const fetched = await fetch(new URL(`/artifacts/${artifact.sha256}`, two.url));
    const bytes = new Uint8Array(await fetched.arrayBuffer());
    assert.equal(createHash('sha256').update(bytes).digest('hex'), artifact.sha256);
  });

  it('say the same as the master', async () => {
    for (const path of ['builders', 'builds', 'workers', 'upstreams', 'farm/versions', 'farm']) {
      let answers: unknown[] = [];
      // Something may happen just between two answers, and each server keeps one for half a second.
      for (let tries = 0; tries < 20 && !areSame(answers); tries++) {
        if (tries > 0) await sleep(100);
        answers = await Promise.all(
          servers().map((url) => get(url, `/api/v1/${path}`, z.unknown())),
        );
      }
      for (const answer of answers) assert.deepEqual(answer, answers[0], path);
    }
    for (const path of ['/', '/console', '/matrix', '/workers', `/builders/${appBuilder}`]) {
      const pages = await Promise.all(servers().map((url) => fetch(new URL(path, url))));
      const titles = await Promise.all(
        pages.map(async (page) => /<title>(.*)<\/title>/.exec(await page.text())?.[1]),
      );
      assert.equal(new Set(titles).size, 1, path);
    }
    const known = await Promise.all(
      servers().map(async (url) => (await fetch(new URL('/.well-known/weir', url))).json()),
    );
    assert.deepEqual(known[1], known[0]);
    assert.deepEqual(known[2], known[0]);
  });

  it('show at once what another one was asked for, and what it prints', async () => {
    const { build, log } = await begin();
    const readers = await Promise.all(
      [one, two].map(({ url }) => EventReader.open(`${url}/api/v1/logs/${log}/live?from=0`)),
    );
    const read = async (reader: EventReader, text: string): Promise<void> => {
      let printed = '';
      while (!printed.includes(text)) {
        const event = await reader.next();
        assert.equal(event?.event, 'message');
        printed += Buffer.from(event.data, 'base64').toString();
      }
    };

    await Promise.all(readers.map((reader) => read(reader, 'begun\n')));
    assert.ok(!existsSync(gate));
    await writeFile(gate, '');
    await Promise.all(readers.map((reader) => read(reader, 'over\n')));

    for (const reader of readers) {
      assert.equal((await reader.next())?.event, 'end');
      await reader[Symbol.asyncDispose]();
    }
    await seen.until('build.finished', { subject: `build/${build}` });
  });

  it('end a build that runs', async () => {
    const { build } = await begin();

    const response = await ask(one.url, `/api/v1/builds/${build}/cancel`, {});

    assert.equal(response.status, 200);
    const { data } = await seen.until('build.finished', { subject: `build/${build}` });
    assert.equal(data['result'], 'cancelled');
    await writeFile(gate, '');
  });

  it('pause a worker, and let it go on', async () => {
    assert.equal((await ask(one.url, '/api/v1/workers/w1/pause', {})).status, 200);
    // Heard in the order of the event log: a request that is written later waits.
    const request = await force(two.url);
    const waits = `/api/v1/requests/${request}`;
    while ((await get(farm.url, waits, requestSchema)).waits?.reason !== 'paused') await sleep(20);

    assert.equal((await ask(two.url, '/api/v1/workers/w1/resume', {})).status, 200);

    await seen.until('build.finished', { data: { request } });
  });

  it('have what a process wrote at once heard in its order: a pause before a request behind it', async () => {
    const { build } = await begin();
    const running = await get(one.url, `/api/v1/builds/${build}`, buildSchema);
    const store = await openStore(env['WEIR_DATABASE_URL'] ?? '', { isShared: true });
    const by = { actor: 'a test', reason: 'a test' };
    const at = Date.now();
    // One transaction, which the engine comes to read as one piece, with something behind that shows.
    const request = await store.unit(async (db) => {
      await pauseWorker(db, { ...by, worker: 'w1', pause: true, now: () => at });
      const before = await requestById(db, running.request);
      assert.ok(before);
      const row = await askForBuild(db, appBuilder, {
        builderId: before.builder_id,
        reason: 'forced',
        reasonText: 'a test',
        requestedBy: by.actor,
        upstreamCommit: before.upstream_commit,
        upstreamPosition: before.upstream_position,
        projectCommit: before.project_commit,
        projectPosition: before.project_position,
        createdAt: at,
      });
      await requestCancel(db, Number(build), by.reason);
      const kind = 'build.cancel-requested';
      const subject = `build/${build}`;
      await recordEvents(db, [{ at, kind, actor: by.actor, subject, data: { reason: 'a test' } }]);
      return row.id;
    });
    await store[Symbol.asyncDispose]();
    await seen.until('build.finished', { subject: `build/${build}` });
    await writeFile(gate, '');

    const waits = await get(two.url, `/api/v1/requests/${request}`, requestSchema);
    assert.deepEqual([waits.state, waits.waits?.reason], ['waiting', 'paused']);
    assert.equal((await ask(two.url, '/api/v1/workers/w1/resume', {})).status, 200);
    await seen.until('build.finished', { data: { request } });
  });

  it('know who signed in at another one', async () => {
    const signedIn = await fetch(new URL('/sign-in', one.url), {
      method: 'POST',
      body: new URLSearchParams({ token, to: '/' }),
      redirect: 'manual',
    });
    const [cookie = ''] = signedIn.headers.getSetCookie().map((each) => each.split(';')[0] ?? '');

    const [visitor, admin] = await Promise.all(
      [{}, { cookie }].map(async (headers) =>
        (await fetch(new URL('/', two.url), { headers })).text(),
      ),
    );

    assert.doesNotMatch(visitor ?? '', /Sign out/);
    assert.match(admin ?? '', /Sign out/);
  });

  it("let a worker's owner in by a link from any, once, and bring him to its machine", async () => {
    const status = await runWeir(['worker', 'status', '--json', '--data', worker.dataDir]);
    const { ownerLink } = z.object({ ownerLink: z.string() }).parse(JSON.parse(status.stdout));
    const code = new URL(ownerLink).searchParams.get('code') ?? '';
    const enter = (url: string): Promise<Response> =>
      fetch(new URL('/workers/w1/owner', url), {
        method: 'POST',
        body: new URLSearchParams({ code }),
        redirect: 'manual',
      });

    const entered = await enter(two.url);
    const again = await enter(farm.url);

    assert.deepEqual([entered.status, again.status], [303, 403]);
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
    const page = await fetch(new URL('/workers/w1', one.url), { headers: { cookie } });
    const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
    const { last } = seen;
    const asked = await fetch(new URL('/workers/w1/owner/slots', one.url), {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ csrf, reason: 'more room', slots: '3' }),
      redirect: 'manual',
    });
    assert.equal(asked.status, 303);
    await seen.until('worker.online', { after: last, subject: 'worker/w1' });
    assert.equal((await get(two.url, '/api/v1/workers/w1', workerSchema)).slots, 3);
  });

  it('put a farm file in force that master and servers go by', async () => {
    const { last } = seen;
    const text = farmText.replace(
      'projects:\n',
      'projects:\n  plain:\n    trunks: [lang/main]\n    steps: [test: lang /dev/null]\n',
    );
    const file = { path: 'farm.yaml', text, included: [] };

    const response = await ask(one.url, '/api/v1/farm/versions', { file });

    assert.equal(response.status, 201);
    await seen.until('farm.applied', { after: last });
    for (const url of servers()) {
      const { items } = await get(url, '/api/v1/builders', builders);
      assert.ok(items.some(({ name }) => name === 'lang/main/plain/here'));
    }
    const forced = await ask(two.url, '/api/v1/requests', { builder: 'lang/main/plain/here' });
    const { id } = requestSchema.parse(await forced.json());
    await seen.until('build.finished', { data: { request: id } });
  });

  it('bring a hook to the master, which asks the remote', async () => {
    const commit = await repositories.lang.commit({ message: 'Move on', files: { b: '1' } });
    const body = JSON.stringify({
      ref: 'refs/heads/main',
      repository: { clone_url: 'https://git.example/lang.git' },
    });
    const signature = createHmac('sha256', secret).update(body).digest('hex');

    const response = await fetch(new URL('/hooks/github', one.url), {
      method: 'POST',
      body,
      headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` },
    });

    assert.deepEqual(await response.json(), { branches: ['lang/main'] });
    await seen.until('change.seen', { data: { branch: 'lang/main', commit } });
  });

  it('are refused with other objects than the masters have', async () => {
    const other = 's3://elsewhere/farm?endpoint=http://127.0.0.1:9';
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

    const started = WebProcess.start({
      dataDir: farm.dataDir,
      env: { ...env, ...keys, WEIR_OBJECTS_URL: other },
    });

    await assert.rejects(started, /the masters have their objects at file:.*give it the same/);
  });

  it('go on without the master: they say so, and keep what they are asked for', async () => {
    await farm.kill();
    let ready: Response;
    do {
      await sleep(100);
      ready = await fetch(new URL('/readyz', one.url));
    } while (ready.ok);

    assert.equal(problemSchema.parse(await ready.json()).code, 'engine-away');
    const page = await (await fetch(new URL('/', one.url))).text();
    assert.match(page, /No engine of the farm is alive/);
    const request = await force(one.url);
    const WEIR_OBJECTS_URL = pathToFileURL(join(farm.dir, 'moved')).href;
    await using moved = await WebProcess.start({
      dataDir: farm.dataDir,
      env: { ...env, WEIR_OBJECTS_URL },
    });
    // Where the engines have them is known once they are there again.
    assert.doesNotMatch(moved.log, /objects/);
    const { waits } = await get(one.url, `/api/v1/requests/${request}`, requestSchema);
    assert.deepEqual(waits, { reason: 'paused', detail: 'no engine of the farm is alive' });
    const { workersOnline, slots } = await get(one.url, '/api/v1/farm', farmSchema);
    assert.deepEqual(
      [workersOnline, slots],
      [0, 0],
      'a worker is connected to an engine, or to none',
    );
    assert.equal((await get(one.url, '/api/v1/workers/w1', workerSchema)).online, false);
    const { items } = await get(one.url, '/api/v1/builders', builders);
    assert.deepEqual(new Set(items.map((builder) => builder.workersOnline)), new Set([0]));
    const status = await runWeir(['status'], farm, { WEIR_URL: one.url });
    assert.match(status.stdout, /: 0 of 1 workers online, /);
    await farm.start();
    while (!/objects at file:.*have to be the same folder/.test(moved.log)) await sleep(20);
    await seen.until('build.finished', { data: { request } });
    while (!(await fetch(new URL('/readyz', one.url))).ok) await sleep(20);
    const back = await get(one.url, '/api/v1/workers/w1', workerSchema);
    assert.equal(back.online, true);
  });

  it('come back when the database does', async () => {
    await server.kill();
    const away = await fetch(new URL('/readyz', two.url));
    assert.equal(problemSchema.parse(await away.json()).code, 'store-away');
    const page = await fetch(two.url, { headers: { accept: 'text/html' } });
    assert.equal(page.status, 503);
    assert.match(await page.text(), /<h1>The store is not there, or not ready<\/h1>/);
    const refused = await ask(two.url, '/api/v1/requests', { builder: appBuilder });
    assert.equal(problemSchema.parse(await refused.json()).code, 'store-away');
    await server.start();
    while (!(await fetch(new URL('/readyz', two.url))).ok) await sleep(20);

    const request = await force(one.url);

    await seen.until('build.finished', { data: { request } });
  });

  it('end when they are told to, with the streams and the link to Redis that are open', async () => {
    const stream = await EventReader.open(`${one.url}/api/v1/events`);
    const board = await fetch(new URL('/queue/board', one.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(board.status, 200);

    assert.equal(await one.stop(), 0);

    // Of what happened just before, something may still come.
    while ((await stream.next()) !== undefined);
  });
});

function areSame([first, ...others]: readonly unknown[]): boolean {
  return first !== undefined && others.every((other) => isDeepStrictEqual(other, first));
}

describe('a web server', () => {
  it('says what it needs', async () => {
    const { status, stderr } = await runWeir(['web', '--data', tmpdir()]);

    assert.equal(status, 2);
    assert.match(stderr, /needs the farm's PostgreSQL: --database URL or \$WEIR_DATABASE_URL/);
  });
});
