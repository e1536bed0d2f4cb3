import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { CompiledQuery } from 'kysely';
import { Kysely, SqliteDialect } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { onlyOnSqlite } from '../../../../../test/support/test-store.ts';
import { readLogFiles } from '../../../src/builds/logs/log-files.ts';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import { ObjectFiles } from '../../../src/builds/objects/object-files.ts';
import { ResolvedTexts } from '../../../src/builds/objects/resolved-texts.ts';
import { TestLists } from '../../../src/builds/objects/test-lists.ts';
import { keepSpec } from '../../../src/builds/told-spec.ts';
import type { BuildOrder } from '../../../src/dispatch/build-spec.ts';
import { isAnyUnsettled } from '../../../src/notify/unsettled.ts';
import type { MemberRow } from '../../../src/store/breakages.ts';
import { openBuilds } from '../../../src/store/builds.ts';
import { deliveriesAbout, dueDeliveries, nextDeliveryAt } from '../../../src/store/deliveries.ts';
import { gatheringNotices } from '../../../src/store/notices.ts';
import { greenBuilds, repeatsOf, waitingTrials } from '../../../src/store/probation.ts';
import { endedOfFamily, takenBuildsOf } from '../../../src/store/quarantine.ts';
import { waitingRequests } from '../../../src/store/requests.ts';
import { greenBefore, resolvedObjectsInUse } from '../../../src/store/resolved.ts';
import type { Database } from '../../../src/store/schema.ts';
import { openReaderDatabase, toSqliteDatabase } from '../../../src/store/sqlite.ts';
import { measureOf, testObjectsInUse } from '../../../src/store/tests.ts';
import { buildsWithArtifact, changeOfArtifact } from '../../../src/web/read/artifacts.ts';
import { listBuilders, readBuilder } from '../../../src/web/read/builders.ts';
import { latestBuilds, listBuilds, readBuild } from '../../../src/web/read/builds.ts';
import { listChanges, readChange } from '../../../src/web/read/changes.ts';
import { readFarm } from '../../../src/web/read/farm.ts';
import { builderHabits } from '../../../src/web/read/habits.ts';
import { listInvitations } from '../../../src/web/read/invitations.ts';
import {
  listDeliveries,
  listNotices,
  readDeliveryView,
  readNotice,
} from '../../../src/web/read/notices.ts';
import { listRequests, readRequest } from '../../../src/web/read/requests.ts';
import { readSpec } from '../../../src/web/read/specs.ts';
import { takenTries } from '../../../src/web/read/taken.ts';
import { readTestHistory } from '../../../src/web/read/test-history.ts';
import { openTests, testedSteps } from '../../../src/web/read/tests.ts';
import { listUpstreams } from '../../../src/web/read/upstreams.ts';
import { readVerdicts, redBuilders } from '../../../src/web/read/verdicts.ts';
import { listWorkers } from '../../../src/web/read/workers.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  commitOf,
  endBuild,
  projectBuilder,
  runtimeBuilder,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';
import { addTests } from '../test-lists.ts';

/** These grow for ever; every other table is as large as the farm. */
const history = [
  'event',
  'change',
  'request',
  'build',
  'step',
  'resolved',
  'log',
  'notice',
  'delivery',
];
/** Indexes that hold only what waits or runs. */
const smallIndexes = ['notice_gathering', 'delivery_waiting', 'request_waiting', 'build_running'];

const order: BuildOrder = {
  builder: projectBuilder,
  kind: 'project',
  runtime: { upstream: 'lua', trunk: 'master', platform: 'linux', commit: 'a'.repeat(40) },
  env: {},
  steps: [],
  limits: { logBytes: 1, diskBytes: 1, memoryBytes: 1, processes: 1, fileBytes: 1 },
};

describe('no query scans history', () => {
  let farm: SmallFarm;
  let db: Kysely<Database>;
  let raw: DatabaseSync;
  let logs: LogReader;
  let tests: TestLists;
  let resolved: ResolvedTexts;
  let dir: string;
  const asked: CompiledQuery[] = [];

  before(async function () {
    onlyOnSqlite(this);
    farm = await startSmallFarm();
    dir = mkdtempSync(join(tmpdir(), 'weir-scans-'));
    for (let position = 1; position <= 3; position += 1) await addChange(farm, 'lua/master');
    await addChange(farm, 'json');
    const worker = await addWorker(farm, 'w1');
    for (const upstream of [1, 2]) {
      const request = await addRequest(farm, projectBuilder, { upstream, project: 1 });
      const { build } = await addBuild(farm, request, worker);
      await addTests(farm, build, { adds: 'passed' });
      await endBuild(farm, build);
    }
    await farm.store.unit((unit) =>
      unit
        .updateTable('build')
        .set({ spec_json: keepSpec(order, { labels: [], shares: false }) })
        .execute(),
    );
    await addBuild(farm, await addRequest(farm, runtimeBuilder, { upstream: 3 }), worker);
    await addRequest(farm, runtimeBuilder, { upstream: 3 });
    raw = openReaderDatabase(farm.storePath);
    logs = readLogFiles(dir);
    const objects = new ObjectFiles(join(dirname(farm.storePath), 'objects'));
    tests = new TestLists(objects);
    resolved = new ResolvedTexts(objects);
    db = new Kysely({
      dialect: new SqliteDialect({ database: toSqliteDatabase(raw) }),
      log(event) {
        asked.push(event.query);
      },
    });
  });
  after(async () => {
    logs?.[Symbol.dispose]();
    await db?.destroy();
    await farm?.[Symbol.asyncDispose]();
    if (dir !== undefined) rmSync(dir, { recursive: true });
  });

  const page = { limit: 50 };
  const viewer = { isVisitor: true };
  const now = Date.now();
  const rules = () => farm.facts.rules;
  const reads: Record<string, () => Promise<unknown>> = {
    farm: () => readFarm(db, farm.facts),
    upstreams: () => listUpstreams(db, rules(), now),
    changes: () => listChanges(db, page),
    'changes of a branch': () => listChanges(db, { ...page, branch: 'lua/master' }),
    'changes of an upstream': () => listChanges(db, { ...page, upstream: 'lua' }),
    'one change': () => readChange(db, 1),
    builders: () => listBuilders(db, rules(), page, now),
    'one builder': () => readBuilder(db, rules(), runtimeBuilder, now),
    'verdicts of builders': () => readVerdicts(db, rules(), [runtimeBuilder, projectBuilder], now),
    'red builders': () => redBuilders(db),
    requests: () => listRequests(db, rules(), page, now),
    'waiting requests': () => listRequests(db, rules(), { ...page, state: 'waiting' }, now),
    'requests of a builder': () =>
      listRequests(db, rules(), { ...page, builder: runtimeBuilder, result: 'success' }, now),
    'one request': () => readRequest(db, rules(), 4, now),
    builds: () => listBuilds(db, page),
    'running builds': () => listBuilds(db, { ...page, state: 'running' }),
    'failed builds': () => listBuilds(db, { ...page, result: 'failure' }),
    'builds of a builder': () => listBuilds(db, { ...page, builder: projectBuilder }),
    'builds of a worker': () => listBuilds(db, { ...page, worker: 'w1', result: 'success' }),
    'latest builds of builders': () => latestBuilds(db, [1, 2, 3], 10),
    'one build': () => readBuild({ db, logs, resolved }, 2),
    'what a worker was told': () => readSpec(db, 2),
    'what ran with an artifact': () =>
      buildsWithArtifact(
        db,
        { builder: runtimeBuilder, commit: commitOf('lua/master 1'), sha256: 'b' },
        51,
      ),
    'the change of an artifact': () =>
      changeOfArtifact(db, { builder: runtimeBuilder, commit: 'a'.repeat(40) }),
    workers: () => listWorkers(db, page),
    'habits of builders': () => builderHabits(db, now),
    invitations: () => listInvitations(db, page, now),
    'green builds of builders': () => greenBuilds(db, [1, 2, 3]),
    'repeats of a worker': () => repeatsOf(db, 1),
    'trials of a worker': () => waitingTrials(db, 1),
    notices: () => listNotices(db, page),
    'notices about a breakage': () => listNotices(db, { ...page, about: 'breakage/1' }),
    'one notice': () => readNotice(db, 1),
    deliveries: () => listDeliveries(db, page, viewer),
    'deliveries of a notice': () => listDeliveries(db, { ...page, notice: 1 }, viewer),
    'failed deliveries': () => listDeliveries(db, { ...page, state: 'failed' }, viewer),
    'one delivery': () => readDeliveryView(db, 1, viewer),
    'what gathers': () => gatheringNotices(db),
    'deliveries about a breakage': () => deliveriesAbout(db, 'breakage/1'),
    'due deliveries': () => dueDeliveries(db, { channel: 'mail', at: now, limit: 8 }),
    'when the next delivery is due': () => nextDeliveryAt(db, { channel: 'mail', after: now }),
    'what a commit may break yet': () =>
      isAnyUnsettled(db, [{ upstream: 'lua', trunk: 'master', upstream_red: 'a' } as MemberRow]),
    'how a project fares': () => endedOfFamily(db, { project: 'json', upstream: 'lua' }),
    'how an upstream fares': () => endedOfFamily(db, { project: null, upstream: 'lua' }),
    'what infrastructure took from a worker': () => takenBuildsOf(db, 1),
    'what infrastructure took of requests': () => takenTries(db, [1, 2]),
    'tests of a build': async () => {
      const [step] = await testedSteps(db, 2);
      assert.ok(step);
      await openTests({ db, tests }, 2, step);
    },
    'a test over builds': () =>
      readTestHistory({ db, tests }, { builder: projectBuilder, step: 'test', name: 'adds' }, page),
    'what counts are held against': () => measureOf(db, { id: 2, builderId: 3, requestId: 2 }, 0),
    'which objects hold tests': () => testObjectsInUse(db, ['a', 'b']),
    'which objects hold dependencies': () => resolvedObjectsInUse(db, ['a', 'b']),
    'the last green build with dependencies': () => greenBefore(db, { builder_id: 3, number: 2 }),
    'what waits': () => waitingRequests(db),
    'what runs': () => openBuilds(db),
  };
  for (const [name, read] of Object.entries(reads)) {
    it(name, async () => {
      asked.length = 0;

      await read();

      assert.ok(asked.length > 0);
      for (const query of asked) assertBounded(query);
    });
  }

  it('knows a scan when it sees one', async () => {
    asked.length = 0;

    await db.selectFrom('build').selectAll().where('text', '=', 'x').execute();

    const [query] = asked;
    assert.throws(() => query && assertBounded(query), /SCAN build/);
  });

  function assertBounded({ sql, parameters }: CompiledQuery): void {
    const plan = raw.prepare(`explain query plan ${sql}`).all(...(parameters as string[]));
    for (const { detail } of plan as { detail: string }[]) {
      const [, table = '', index = ''] = /^SCAN (\w+)(?:.* INDEX (\w+))?/.exec(detail) ?? [];
      const isNewestFew = /order by "(\w+"\.")?(id|number)" (desc|asc) limit \?$/.test(sql);
      const isSmall = !history.includes(table) || smallIndexes.includes(index) || isNewestFew;
      assert.ok(isSmall, `${detail}: ${sql}`);
    }
  }
});
