import assert from 'node:assert/strict';
import type { Kysely } from 'kysely';
import type { LogReader } from '../../../src/builds/logs/reader.ts';
import type { ResolvedTexts } from '../../../src/builds/objects/resolved-texts.ts';
import type { TestLists } from '../../../src/builds/objects/test-lists.ts';
import { keepSpec } from '../../../src/builds/told-spec.ts';
import type { FarmFacts } from '../../../src/command.ts';
import type { BuildOrder } from '../../../src/dispatch/build-spec.ts';
import { Usage } from '../../../src/dispatch/usage.ts';
import { isAnyUnsettled } from '../../../src/notify/unsettled.ts';
import { unscheduledChanges } from '../../../src/schedule/unscheduled.ts';
import { headsOf } from '../../../src/store/branches.ts';
import type { MemberRow } from '../../../src/store/breakages.ts';
import { builderOfRequest } from '../../../src/store/builders.ts';
import { openBuilds } from '../../../src/store/builds.ts';
import { deliveriesAbout, dueDeliveries, nextDeliveryAt } from '../../../src/store/deliveries.ts';
import { eventBounds, eventsAfter } from '../../../src/store/events.ts';
import { expiredBuilds } from '../../../src/store/leases.ts';
import { gatheringNotices } from '../../../src/store/notices.ts';
import { greenBuilds, repeatsOf, waitingTrials } from '../../../src/store/probation.ts';
import { endedOfFamily, takenBuildsOf } from '../../../src/store/quarantine.ts';
import { requestsOfCommit, waitingRequests } from '../../../src/store/requests.ts';
import { greenBefore, resolvedObjectsInUse } from '../../../src/store/resolved.ts';
import { agingBuilds } from '../../../src/store/retention.ts';
import type { Database } from '../../../src/store/schema.ts';
import { measureOf, testObjectsInUse } from '../../../src/store/tests.ts';
import { workerByName } from '../../../src/store/workers.ts';
import { readConsole } from '../../../src/web/pages/console-data.ts';
import { readWaterfall } from '../../../src/web/pages/waterfall-data.ts';
import { buildsWithArtifact, changeOfArtifact } from '../../../src/web/read/artifacts.ts';
import { listBuilders, readBuilder } from '../../../src/web/read/builders.ts';
import { listBuilds, readBuild } from '../../../src/web/read/builds.ts';
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
import { readQueue } from '../../../src/web/read/queue.ts';
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
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';
import { addTests } from '../test-lists.ts';

const order: BuildOrder = {
  builder: projectBuilder,
  kind: 'project',
  runtime: { upstream: 'lua', trunk: 'master', platform: 'linux', commit: 'a'.repeat(40) },
  env: {},
  steps: [],
  limits: { logBytes: 1, diskBytes: 1, memoryBytes: 1, processes: 1, fileBytes: 1 },
};

export interface Sources {
  readonly db: Kysely<Database>;
  readonly facts: FarmFacts;
  readonly logs: LogReader;
  readonly tests: TestLists;
  readonly resolved: ResolvedTexts;
}

/** Some builds that have ended, one that runs and one that waits: what `reads` asks for. */
export async function addBuilds(farm: SmallFarm): Promise<void> {
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
}

/** The same of later changes. */
export async function addMoreBuilds(farm: SmallFarm): Promise<void> {
  const worker = await farm.store.unit((db) => workerByName(db, 'w1'));
  for (let upstream = 4; upstream <= 9; upstream += 1) {
    await addChange(farm, 'lua/master');
    await addChange(farm, 'json');
    const request = await addRequest(farm, projectBuilder, { upstream, project: upstream - 2 });
    const { build } = await addBuild(farm, request, worker?.id ?? 0);
    await endBuild(farm, build);
  }
}

/** These grow for ever; every other table is as large as the farm. */
export const history = [
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

const page = { limit: 50 };
const viewer = { isVisitor: true };
const now = Date.now();
/** What pages, the API and the engine read again and again, by what it is. */
export const reads: Readonly<Record<string, (sources: Sources) => Promise<unknown>>> = {
  farm: ({ db, facts }) => readFarm(db, facts, now),
  upstreams: ({ db, facts }) => listUpstreams(db, facts.rules, now),
  changes: ({ db }) => listChanges(db, page),
  'changes of a branch': ({ db }) => listChanges(db, { ...page, branch: 'lua/master' }),
  'changes of an upstream': ({ db }) => listChanges(db, { ...page, upstream: 'lua' }),
  'one change': ({ db }) => readChange(db, 1),
  builders: ({ db, facts }) => listBuilders(db, facts.rules, page, now),
  'one builder': ({ db, facts }) => readBuilder(db, facts.rules, runtimeBuilder, now),
  'verdicts of builders': ({ db, facts }) =>
    readVerdicts(db, facts.rules, [runtimeBuilder, projectBuilder], now),
  'red builders': ({ db }) => redBuilders(db),
  requests: ({ db, facts }) => listRequests(db, facts.rules, page, now),
  'waiting requests': ({ db, facts }) =>
    listRequests(db, facts.rules, { ...page, state: 'waiting' }, now),
  'requests of a builder': ({ db, facts }) =>
    listRequests(db, facts.rules, { ...page, builder: runtimeBuilder, result: 'success' }, now),
  'one request': ({ db, facts }) => readRequest(db, facts.rules, 4, now),
  builds: ({ db }) => listBuilds(db, page),
  'running builds': ({ db }) => listBuilds(db, { ...page, state: 'running' }),
  'failed builds': ({ db }) => listBuilds(db, { ...page, result: 'failure' }),
  'builds of a builder': ({ db }) => listBuilds(db, { ...page, builder: projectBuilder }),
  'builds of a worker': ({ db }) => listBuilds(db, { ...page, worker: 'w1', result: 'success' }),
  'one build': ({ db, logs, resolved }) => readBuild({ db, logs, resolved }, 2),
  'what a worker was told': ({ db }) => readSpec(db, 2),
  'what ran with an artifact': ({ db }) =>
    buildsWithArtifact(
      db,
      { builder: runtimeBuilder, commit: commitOf('lua/master 1'), sha256: 'b' },
      51,
    ),
  'the change of an artifact': ({ db }) =>
    changeOfArtifact(db, { builder: runtimeBuilder, commit: 'a'.repeat(40) }),
  workers: ({ db, facts }) => listWorkers(db, facts.rules, page),
  'habits of builders': ({ db }) => builderHabits(db, now),
  invitations: ({ db }) => listInvitations(db, page, now),
  'green builds of builders': ({ db }) => greenBuilds(db, [1, 2, 3]),
  'repeats of a worker': ({ db }) => repeatsOf(db, 1),
  'trials of a worker': ({ db }) => waitingTrials(db, 1),
  notices: ({ db }) => listNotices(db, page),
  'notices about a breakage': ({ db }) => listNotices(db, { ...page, about: 'breakage/1' }),
  'one notice': ({ db }) => readNotice(db, 1),
  deliveries: ({ db }) => listDeliveries(db, page, viewer),
  'deliveries of a notice': ({ db }) => listDeliveries(db, { ...page, notice: 1 }, viewer),
  'failed deliveries': ({ db }) => listDeliveries(db, { ...page, state: 'failed' }, viewer),
  'one delivery': ({ db }) => readDeliveryView(db, 1, viewer),
  'what gathers': ({ db }) => gatheringNotices(db),
  'deliveries about a breakage': ({ db }) => deliveriesAbout(db, 'breakage/1'),
  'due deliveries': ({ db }) => dueDeliveries(db, { channel: 'mail', at: now, limit: 8 }),
  'when the next delivery is due': ({ db }) => nextDeliveryAt(db, { channel: 'mail', after: now }),
  'what a commit may break yet': ({ db }) =>
    isAnyUnsettled(db, [{ upstream: 'lua', trunk: 'master', upstream_red: 'a' } as MemberRow]),
  'how a project fares': ({ db }) => endedOfFamily(db, { project: 'json', upstream: 'lua' }),
  'how an upstream fares': ({ db }) => endedOfFamily(db, { project: null, upstream: 'lua' }),
  'what infrastructure took from a worker': ({ db }) => takenBuildsOf(db, 1),
  'what infrastructure took of requests': ({ db }) => takenTries(db, [1, 2]),
  'tests of a build': async ({ db, tests }) => {
    const [step] = await testedSteps(db, 2);
    assert.ok(step);
    await openTests({ db, tests }, 2, step);
  },
  'a test over builds': ({ db, tests }) =>
    readTestHistory({ db, tests }, { builder: projectBuilder, step: 'test', name: 'adds' }, page),
  'what counts are held against': ({ db }) =>
    measureOf(db, { id: 2, builderId: 3, requestId: 2 }, 0),
  'which objects hold tests': ({ db }) => testObjectsInUse(db, ['a', 'b']),
  'which objects hold dependencies': ({ db }) => resolvedObjectsInUse(db, ['a', 'b']),
  'the last green build with dependencies': ({ db }) =>
    greenBefore(db, { builder_id: 3, number: 2 }),
  'what waits': ({ db }) => waitingRequests(db),
  'what runs': ({ db }) => openBuilds(db),
  'what was asked for a commit': ({ db }) => requestsOfCommit(db, 3, commitOf('lua/master 1')),
  'the newest commit of each branch': ({ db }) => headsOf(db),
  'changes to be built': ({ db }) => unscheduledChanges(db, 'lua/master'),
  'what the last hour used': ({ db }) => new Usage().rebuild(db, new Map(), now),
  'the builder of a request': ({ db }) => builderOfRequest(db, 1, 1),
  'what may be old enough to go': ({ db }) =>
    agingBuilds(db, { after: 0, before: now, now, limit: 100 }),
  'whose lease has run out': ({ db }) => expiredBuilds(db, now),
  'the newest events': ({ db }) => eventBounds(db),
  'events after one': ({ db }) => eventsAfter(db, 2, 100),
  'the waterfall': ({ db, logs, facts }) =>
    readWaterfall(
      db,
      logs,
      facts.rules,
      { builders: [], red: false, zoom: 'normal', group: 'trunk' },
      now,
    ),
  'the waterfall of a worker': ({ db, logs, facts }) =>
    readWaterfall(
      db,
      logs,
      facts.rules,
      { builders: [], red: false, zoom: 'normal', group: 'trunk', worker: 'w1' },
      now,
    ),
  'the queue': ({ db, facts }) => readQueue(db, facts.rules, null, now),
  'the console': ({ db, facts }) =>
    readConsole(db, facts.rules, { limit: 25, merged: false, collapsed: false }, now),
};
