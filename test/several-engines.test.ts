import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, closeCodes, farmSchema, requestSchema, workerSchema } from '@weir/protocol';
import type { ApiBuild, ApiEvent } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { setAllOffline } from '../packages/master/src/store/presence.ts';
import { openStore } from '../packages/master/src/store/store.ts';
import { joinFarm } from './support/busy-worker.ts';
import { CuttingProxy } from './support/cutting-proxy.ts';
import { FarmProcess } from './support/farm-process.ts';
import { needs } from './support/needs.ts';
import type { PostgresServer } from './support/postgres-server.ts';
import { startPostgres } from './support/postgres-server.ts';
import { RawWorker } from './support/raw-worker.ts';
import { RedisServer } from './support/redis-server.ts';
import type { Ran } from './support/run-weir.ts';
import { runWeir } from './support/run-weir.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm, runtimeBuilder } from './support/small-farm.ts';
import { createDatabase } from './support/test-store.ts';

const buildOf = ({ subject }: ApiEvent): number => Number(subject.slice('build/'.length));

describe('a farm with two engines', function () {
  this.timeout(40_000);
  const stack = new AsyncDisposableStack();
  let repositories: SmallFarm;
  let dir: string;
  let database: string;
  let farm: string;
  let env: Readonly<Record<string, string>>;
  let leader: FarmProcess;
  let other: FarmProcess;
  let nameOf: (engine: FarmProcess) => string;
  /** Behind the one address for workers and pages: who answers there just now. */
  let front: FarmProcess;

  before(async function () {
    needs(this, 'postgres', 'redis');
    dir = await mkdtemp(join(tmpdir(), 'weir-engines-'));
    stack.defer(() => rm(dir, { recursive: true, force: true }));
    repositories = stack.use(await createSmallFarm());
    const postgres: PostgresServer = stack.use(await startPostgres());
    const redis = stack.use(await RedisServer.start());
    const pages = stack.use(await CuttingProxy.start(() => Number(new URL(front.url).port), []));
    const links = stack.use(await CuttingProxy.start(() => front.workerPort, []));
    const steps = [
      '- test: |',
      '    echo begun',
      `    while [ ! -e ${dir}/open ]; do sleep 0.05; done`,
      '    echo over',
    ];
    farm = repositories.farm({
      steps,
      artifacts: 'any',
      extra: `worker-url: ws://127.0.0.1:${links.port}/worker\n`,
    });
    database = await createDatabase(postgres.url('postgres'), 'engines');
    env = {
      WEIR_DATABASE_URL: database,
      WEIR_REDIS_URL: redis.url,
      WEIR_OBJECTS_URL: `file://${dir}/objects`,
    };
    const start = (name: string): Promise<FarmProcess> =>
      FarmProcess.start({
        farm,
        remotes: repositories.remotes,
        env: { ...env, WEIR_NAME: name },
      });
    // At the same moment, on a database that none has migrated.
    const [a, b] = await Promise.all([start('a'), start('b')]);
    stack.use(a);
    stack.use(b);
    const { subject } = await a.events.until('member.leads');
    [leader, other] = subject === 'member/a' ? [a, b] : [b, a];
    nameOf = (engine) => (engine === a ? 'a' : 'b');
    await open();
    for (const [engine, name] of [
      [leader, 'w1'],
      [other, 'w2'],
    ] as const) {
      front = engine;
      await engine.addWorker({ name, url: `http://127.0.0.1:${pages.port}` });
    }
    await leader.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(() => stack.disposeAsync());

  it('shows its members', async () => {
    const { members } = await other.get('/api/v1/farm', farmSchema);

    assert.deepEqual(
      new Set(members.map(({ role, name, leads }) => `${role} ${name} ${leads}`)),
      new Set([`engine ${nameOf(leader)} true`, `engine ${nameOf(other)} false`]),
    );
    const { stdout } = await runWeir(['status'], other);
    assert.match(stdout, new RegExp(`^${nameOf(leader)} +engine, leads +\\d`, 'm'));
    assert.match(stdout, new RegExp(`^${nameOf(other)} +engine +\\d`, 'm'));
  });

  it('says whose farm file is in force, and who would bring another', async () => {
    const versions = await runWeir(['versions'], other);
    assert.match(versions.stdout, /^1 in force +\S+ +engine:[ab] /m);
    const { last } = leader.events;
    const start = (name: string, text: string): Promise<FarmProcess> =>
      FarmProcess.start({
        farm: text,
        remotes: repositories.remotes,
        env: { ...env, WEIR_NAME: name },
      });

    await using different = await start('c', farm.replace('poll: 1s', 'poll: 1h'));
    await using broken = await start('d', 'fram: f\n');

    await different.logged('farm.yaml is not the farm file in force: it comes into force when');
    await broken.logged('farm.yaml is broken, and is not what the farm goes by: ');
    await leader.events.until('member.joined', { after: last, subject: 'member/d' });
    assert.ok(
      !leader.events.all.some(({ kind, number }) => kind === 'farm.applied' && number > last),
    );
  });

  it('shares builds out', async () => {
    const begun = await beginTwo();

    assert.deepEqual(new Set(begun.map(({ data }) => data['worker'])), new Set(['w1', 'w2']));
    assertWell(await end(leader, begun));
  });

  it('builds a runtime once, though workers of both wait for it', async () => {
    const { events } = leader;
    const after = events.last;
    const script = '#!/bin/sh\necho "lang 2 runs $1"\n. "$1"\n';
    await repositories.lang.commit({ message: 'Another', files: { 'lang.sh': script } });
    await events.until('build.finished', { after, data: { builder: runtimeBuilder } });
    await events.until('build.finished', { after, data: { builder: appBuilder } });

    const begun = await beginTwo();

    assertWell(await end(leader, begun));
    const runtimes = events.all.filter(
      ({ kind, data }) => kind === 'build.started' && data['builder'] === runtimeBuilder,
    );
    // One for each commit.
    assert.equal(runtimes.length, 2);
  });

  it('refuses a master that has its objects elsewhere, and loses none', async () => {
    const artifacts = z.object({ items: z.array(z.object({ sha256: z.string() })) });
    const before = await leader.get('/api/v1/artifacts', artifacts);

    const unmounted = await startThird(join(dir, 'third'), `file://${dir}/unmounted`);
    const bucket = await startThird(join(dir, 'third'), 's3://farm/objects');

    assert.equal(unmounted.status, 1);
    assert.match(unmounted.stderr, /none of the farm's artifacts is at file:.*\/unmounted, and/);
    assert.match(unmounted.stderr, /these have to be the same folder/);
    assert.equal(bucket.status, 1);
    assert.match(bucket.stderr, /objects at file:.*\/objects, and this process at s3:\/\/farm/);
    assert.ok(before.items.length > 0);
    assert.deepEqual(await leader.get('/api/v1/artifacts', artifacts), before);
  });

  it('refuses a master on the data folder of another one', async () => {
    const { status, stderr } = await startThird(other.dataDir, `file://${dir}/objects`);

    assert.equal(status, 1);
    assert.match(stderr, /another master has .* open: .* give this one a --data of its own/);
  });

  it('cancels the builds of one engine when the other one is asked', async () => {
    const begun = await beginTwo();

    for (const build of begun) {
      const engine = build.data['worker'] === 'w1' ? other : leader;
      await engine.post(`/api/v1/builds/${buildOf(build)}/cancel`, { reason: 'not wanted' });
    }

    for (const { subject } of begun) {
      const wanted = { subject, data: { result: 'cancelled' } };
      await leader.events.until('build.finished', wanted);
    }
  });

  it('ends the session of a worker that has a newer one with the other engine', async () => {
    const worker = new RawWorker('raw');
    stack.defer(() => worker.drop());
    await joinFarm(leader, worker);
    await worker.connect(leader.workerPort);
    const { closed } = worker;

    await worker.connect(other.workerPort);

    assert.equal((await closed).code, closeCodes.replaced);
    const { online } = await leader.get('/api/v1/workers/raw', workerSchema);
    assert.equal(online, true);
    worker.drop();
    await leader.events.until('worker.offline', { subject: 'worker/raw' });
  });

  it('ends the session of a worker that is revoked at the other engine', async () => {
    const worker = new RawWorker('revoked');
    stack.defer(() => worker.drop());
    await joinFarm(leader, worker);
    await worker.connect(leader.workerPort);

    await other.post('/api/v1/workers/revoked/revoke', { reason: 'not wanted' });

    assert.equal((await worker.closed).code, closeCodes.revoked);
  });

  it('refuses another machine with the key of a worker that the other engine has', async () => {
    const worker = new RawWorker('held');
    stack.defer(() => worker.drop());
    await joinFarm(leader, worker);
    await worker.connect(leader.workerPort, { hello: { boot: 'first' } });
    const twin = worker.twin();

    await twin.prove(other.workerPort);
    await twin.next('proof');
    twin.hello({ boot: 'second' });

    assert.equal((await twin.closed).code, closeCodes.duplicate);
    await leader.events.until('worker.duplicate', { subject: 'worker/held' });
    worker.drop();
    await leader.events.until('worker.offline', { subject: 'worker/held' });
  });

  it('gives its workers builds though it was taken for dead', async () => {
    {
      await using store = await openStore(database, { isShared: true });
      await store.unit(async (db) => {
        await db.deleteFrom('member').execute();
        await setAllOffline(db);
      });
    }
    const { last } = leader.events;

    const begun = await beginTwo();

    assertWell(await end(leader, begun));
    for (const { data } of begun) {
      await leader.events.until('worker.online', {
        after: last,
        subject: `worker/${String(data['worker'])}`,
      });
    }
  });

  it('goes on with the builds of an engine that is killed', async () => {
    const begun = await beginTwo();
    const { last } = leader.events;

    front = leader;
    await other.kill();

    const moved = begun.find(({ data }) => data['worker'] === 'w2') ?? assert.fail();
    const wanted = { after: last, subject: moved.subject, data: { epoch: 2 } };
    await leader.events.until('build.attached', wanted);
    const builds = await end(leader, begun);
    assertWell(builds);
    for (const build of builds) {
      const log = await fetch(new URL(`/api/v1/logs/${build.steps[0]?.log?.id}`, leader.url));
      assert.equal(await log.text(), 'begun\nover\n');
    }
    await other.start();
  });

  it('is led by the other engine when the one that leads is killed', async () => {
    const begun = await beginTwo();
    const { last } = other.events;
    const { url } = leader;

    front = other;
    await leader.kill();

    await other.events.until('member.leads', { after: last });
    [leader, other] = [other, leader];
    const commit = await repositories.app.commit({ message: 'More', files: { 'more.txt': '1' } });
    await leader.events.until('change.seen', { data: { commit } });
    assertWell(await end(leader, begun));
    await other.start();
    assert.equal(other.url, url);
  });

  it('loses no build when one engine after the other is restarted', async () => {
    front = other;
    const begun = await beginTwo();
    for (const engine of [leader, other]) {
      const stays = engine === leader ? other : leader;
      const { last } = stays.events;
      front = stays;
      await engine.stop();
      await stays.events.until('build.attached', { after: last });
      await engine.start();
      // It is the same file, wherever each has it.
      assert.doesNotMatch(engine.log, /not the farm file in force/);
    }
    assertWell(await end(leader, begun));
  });

  /** Until it ends, as it is expected to. */
  function startThird(data: string, objects: string): Promise<Ran> {
    const at = ['--farm', leader.farmPath, '--data', data, '--port', '0', '--worker-port', '0'];
    return runWeir(['master', ...at], undefined, {
      ...env,
      WEIR_NAME: 'third',
      WEIR_OBJECTS_URL: objects,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  }

  async function open(): Promise<void> {
    await writeFile(join(dir, 'open'), '');
  }

  /** Two builds of the project, one on each worker, that wait at the gate. */
  async function beginTwo(): Promise<ApiEvent[]> {
    await rm(join(dir, 'open'), { force: true });
    const begun = [leader, other].map(async (engine) => {
      const { events } = engine;
      const body = { builder: appBuilder, reason: 'a test' };
      const { id } = requestSchema.parse(await engine.post('/api/v1/requests', body));
      const started = await events.until('build.started', { data: { request: id } });
      await events.until('step.started', { subject: started.subject });
      return started;
    });
    return Promise.all(begun);
  }

  /** Lets the builds end, and gives them as they are then, by this engine. */
  async function end(engine: FarmProcess, begun: readonly ApiEvent[]): Promise<ApiBuild[]> {
    await open();
    return Promise.all(
      begun.map(async (started) => {
        await engine.events.until('build.finished', { subject: started.subject });
        return engine.get(`/api/v1/builds/${buildOf(started)}`, buildSchema);
      }),
    );
  }

  function assertWell(builds: readonly ApiBuild[]): void {
    for (const { result, attempt } of builds) assert.deepEqual([result, attempt], ['success', 1]);
  }
});
