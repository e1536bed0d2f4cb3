import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildersOf } from '@weir/model';
import type { FarmFiles, Range, Result, SandboxKind, VersionSource } from '@weir/protocol';
import { testStore } from '../../../../test/support/test-store.ts';
import { ensureAdminToken } from '../../src/admin-token.ts';
import { logFileOf } from '../../src/builds/logs/log-file.ts';
import type { LogWriter } from '../../src/builds/logs/log-writer.ts';
import { openLogWriter } from '../../src/builds/logs/log-writer.ts';
import { objectsPlaceOf } from '../../src/builds/objects/objects-place.ts';
import { moveHead } from '../../src/builds/settle-build.ts';
import type { Command, CommandAnswer, FarmFacts } from '../../src/command.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { branchByName, moveCursor } from '../../src/store/branches.ts';
import { describeBreakage, insertBreakage, putMember } from '../../src/store/breakages.ts';
import { builderById, builderByName, syncBuilders, takeNumber } from '../../src/store/builders.ts';
import type { BuildRow } from '../../src/store/builds.ts';
import { finishBuild, insertBuild, insertSteps } from '../../src/store/builds.ts';
import { insertChange } from '../../src/store/changes.ts';
import { recordEvents } from '../../src/store/events.ts';
import { insertFarmVersion } from '../../src/store/farm-versions.ts';
import { finishLog, insertLogs } from '../../src/store/logs.ts';
import { setOnline } from '../../src/store/presence.ts';
import type { RequestRow } from '../../src/store/requests.ts';
import { claimRequest, insertRequest } from '../../src/store/requests.ts';
import { openStore } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';
import { insertPending, setEnrolment, workerByName } from '../../src/store/workers.ts';
import { syncBranches } from '../../src/upstream/sync-branches.ts';
import { farmRulesOf } from '../../src/web/farm-rules.ts';
import type { WebThread } from '../../src/web/thread.ts';
import { startWebThread } from '../../src/web/thread.ts';

export const farmText = `
farm: Test farm
artifacts: same-worker
platforms:
  linux: [linux, x64]
  musl: [linux, musl]
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}}
    platforms: [linux, musl]
    steps:
      - build: make
projects:
  json:
    repository: https://git.example/json
    platforms: [linux]
    trunks: [lua/master]
    steps:
      - test: lua test.lua
`;

export const adminToken = 'the-admin-token';
export const runtimeBuilder = 'lua/master/linux';
export const projectBuilder = 'lua/master/json/linux';
/** Times in the store count from here. */
export const start = Date.parse('2026-11-20T12:00:00Z');

/** A web thread as the engine starts it, over a store that the test fills through units. */
export interface SmallFarm extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  readonly storePath: string;
  readonly logs: LogWriter;
  readonly web: WebThread;
  readonly facts: FarmFacts;
  /** What people asked the engine for. */
  readonly commands: { actor: string; command: Command }[];
  /** What the engine answers; the test may set it. */
  answer: (command: Command) => Promise<CommandAnswer>;
}

/** What a farm of a test may have other than on its own. */
export interface SmallFarmServers {
  /** Where its store is; by default where the tests run. */
  readonly database?: string;
  readonly redisUrl?: string;
}

export async function startSmallFarm(
  facts: Partial<FarmFacts> = {},
  text = farmText,
  options: SmallFarmServers = {},
): Promise<SmallFarm> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-web-'));
  await using disposing = new AsyncDisposableStack();
  disposing.defer(() => rmSync(dir, { recursive: true }));
  const reading = readFarmText(text, 'farm.yaml');
  if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
  const storePath = join(dir, 'weir.sqlite');
  const place = options.database ?? (await testStore(storePath));
  const store = disposing.use(await openStore(place));
  await ensureAdminToken(store, { given: adminToken, reset: false });
  await store.unit(async (db) => {
    await syncBuilders(db, buildersOf(reading.farm));
    await syncBranches(db, reading.farm, start);
  });
  const logs = disposing.use(await openLogWriter(join(dir, 'logs')));
  const allFacts: FarmFacts = {
    name: 'Test farm',
    publicUrl: null,
    workerUrl: null,
    workerPort: 8011,
    fingerprint: 'SHA256:farm',
    farmRepository: null,
    version: 1,
    farmOptions: { remotes: new Map(), base: '/' },
    shortage: null,
    heartbeat: null,
    objectsAway: null,
    isMailSet: false,
    warnings: [],
    rules: farmRulesOf(reading.farm, false),
    file: reading.farm,
    ...facts,
  };
  const commands: SmallFarm['commands'] = [];
  const web = disposing.use(
    await startWebThread(
      {
        store: place,
        dataDir: dir,
        objectsPlace: objectsPlaceOf(null, dir),
        redisUrl: options.redisUrl ?? null,
        host: '127.0.0.1',
        port: 0,
        logFormat: 'text',
        farm: allFacts,
      },
      {
        run(actor, command) {
          commands.push({ actor, command });
          return farm.answer(command);
        },
        started: Promise.resolve(),
        vitals: () => ({ commits: 7, busyMs: 1_500 }),
        log: { info: () => {}, warn: () => {} },
      },
    ),
  );
  store.onCommit = () => web.wake();
  const running = disposing.move();
  const farm: SmallFarm = {
    url: `http://127.0.0.1:${web.port}`,
    store,
    storePath,
    logs,
    web,
    facts: allFacts,
    commands,
    answer: async () => ({}),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  return farm;
}

/** A commit's hash, the same for the same text. */
export function commitOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** A version of the farm file, as if somebody had applied it; its number. */
export function addVersion(
  { store }: SmallFarm,
  text: string,
  from: { reason?: string; source?: VersionSource; included?: FarmFiles['included'] } = {},
): Promise<number> {
  const { reason = null, source = { kind: 'sent' }, included = [] } = from;
  const files = { path: 'farm.yaml', text, included };
  const counts = { added: 2, removed: 0, changed: 1 };
  const summary = { builders: counts, requests: { kept: 3, changed: 1, cancelled: 0 }, running: 1 };
  const version = { files, by: 'admin', at: start, reason, source, summary };
  return store.unit((db) => insertFarmVersion(db, version));
}

/** One more change of a branch; its commit is `commitOf('BRANCH POSITION')`. */
export async function addChange(
  { store }: SmallFarm,
  branchName: string,
  change: { subject?: string; author?: string; files?: string[]; seenAt?: number } = {},
): Promise<void> {
  await store.unit(async (db) => {
    const branch = await branchByName(db, branchName);
    if (branch === undefined) throw new Error(`no branch ${branchName}`);
    const position = branch.position + 1;
    const commit = commitOf(`${branchName} ${position}`);
    const subject = change.subject ?? `Change ${position}`;
    const person = { name: change.author ?? 'Ada', email: 'ada@example.org' };
    const at = start + position * 1_000;
    await insertChange(db, {
      branchId: branch.id,
      position,
      commit,
      parent: branch.head,
      author: person,
      authoredAt: at,
      committer: person,
      committedAt: at,
      seenAt: change.seenAt ?? at,
      subject,
      message: `${subject}\n\nBecause.`,
      files: change.files ?? ['a.c'],
    });
    await moveCursor(db, branch, { head: commit, position, rewrittenAt: null, at });
    const subjectOfEvent = `branch/${branchName}`;
    await recordEvents(db, [
      { at, kind: 'change.seen', actor: 'engine', subject: subjectOfEvent, data: { commit } },
    ]);
  });
}

/** A request of a builder for the changes at these positions. */
export async function addRequest(
  { store }: SmallFarm,
  builderName: string,
  positions: { upstream: number; project?: number },
): Promise<RequestRow> {
  return store.unit(async (db) => {
    const builder = await builderByName(db, builderName);
    if (builder === undefined) throw new Error(`no builder ${builderName}`);
    const { upstream, project } = positions;
    const isPinned = builder.project !== null && project !== undefined;
    return insertRequest(db, {
      builderId: builder.id,
      reason: 'trunk',
      reasonText: 'the trunk was stable',
      requestedBy: 'engine',
      upstreamCommit: commitOf(`lua/master ${upstream}`),
      upstreamPosition: upstream,
      projectCommit: isPinned ? commitOf(`${builder.project} ${project}`) : null,
      projectPosition: isPinned ? project : null,
      createdAt: start,
    });
  });
}

/** A worker that is accepted and connected. */
export async function addWorker(
  { store }: SmallFarm,
  name: string,
  options: {
    slots?: number;
    labels?: string[];
    pending?: boolean;
    sandbox?: SandboxKind;
  } = {},
): Promise<number> {
  return store.unit(async (db) => {
    const fingerprint = `SHA256:${name}`;
    const owner = `${name}@example.org`;
    const asked = { agent: '0.1.0', address: null, at: start };
    await insertPending(db, { name, key: name, fingerprint, owner, ...asked });
    const worker = await workerByName(db, name);
    if (worker === undefined) throw new Error('not written');
    if (options.pending === true) return worker.id;
    await setEnrolment(db, worker.id, ['pending'], 'accepted');
    await setOnline(db, worker.id, {
      at: start,
      boot: 'b1',
      slots: options.slots ?? 2,
      agent: '0.1.0',
      labels: options.labels ?? ['linux', 'x64'],
      sandbox: { kind: options.sandbox ?? 'bubblewrap', limits: ['memory by cgroup v2'] },
      clockSkewMs: 0,
      hasArtifacts: true,
      facts: { kernel: '6.1' },
    });
    return worker.id;
  });
}

/** A build of a request by a worker, running, with a log for each step. */
export async function addBuild(
  { store }: SmallFarm,
  request: RequestRow,
  workerId: number,
  steps: string[] = ['test'],
): Promise<{ build: BuildRow; logs: { id: number; file: string }[] }> {
  return store.unit(async (db) => {
    await claimRequest(db, request.id);
    const build = await insertBuild(db, {
      builderId: request.builder_id,
      number: await takeNumber(db, request.builder_id),
      requestId: request.id,
      workerId,
      attempt: 1,
      boot: 'b1',
      leaseUntil: start + 90_000,
      startedAt: start,
      trial: null,
    });
    await insertSteps(
      db,
      build.id,
      steps.map((name) => ({ name, run: `make ${name}` })),
    );
    const file = logFileOf(start);
    const ids = await insertLogs(db, build.id, { steps: steps.length, file });
    const subject = `build/${build.id}`;
    await recordEvents(db, [
      { at: start, kind: 'build.started', actor: 'worker:w1', subject, data: {} },
    ]);
    return { build, logs: ids.map((id) => ({ id, file })) };
  });
}

export async function endBuild(
  { store }: SmallFarm,
  build: BuildRow,
  result: Result = 'success',
): Promise<void> {
  await store.unit(async (db) => {
    const end = { result, findings: [], text: '', environment: { kernel: '6.1' } };
    await finishBuild(db, build.id, { epoch: build.epoch }, { ...end, at: start + 60_000 });
    const builder = await builderById(db, build.builder_id);
    if (builder === undefined) throw new Error(`build ${build.id} has no builder`);
    const ended = { id: build.id, startedAt: build.started_at, isOlder: false };
    await moveHead(db, builder, ended, { result, at: start + 60_000 });
    await recordEvents(db, [
      {
        at: start + 60_000,
        kind: 'build.finished',
        actor: 'engine',
        subject: `build/${build.id}`,
        data: { result },
      },
    ]);
  });
}

/** An open breakage of a runtime builder, between two of its builds; its id. */
export async function addBreakage(
  { store }: SmallFarm,
  builds: { green: number; red: number },
): Promise<number> {
  return store.unit(async (db) => {
    const builder = await builderByName(db, runtimeBuilder);
    const id = await insertBreakage(db, { trunk: 'lua/master', at: start });
    const title = 'lua/master (make)';
    await describeBreakage(db, id, { title, moved: 'upstream', project: null });
    await putMember(db, {
      breakage_id: id,
      builder_id: builder?.id ?? 0,
      green_build_id: builds.green,
      red_build_id: builds.red,
      confirm_build_id: builds.red,
      upstream_green: commitOf('lua/master 0'),
      upstream_green_position: 0,
      upstream_red: commitOf('lua/master 1'),
      upstream_red_position: 1,
      step: 'make',
      opened_at: start,
    });
    return id;
  });
}

/** Stores bytes at a place in what a step printed, and tells the web thread. */
export async function print(
  farm: SmallFarm,
  log: { id: number; file: string },
  offset: number,
  bytes: Uint8Array,
  afterCut = false,
): Promise<void> {
  const piece = 65_536;
  for (let at = 0; at < bytes.length; at += piece) {
    // A copy: the writer's thread takes the buffer over.
    const part = Uint8Array.from(bytes.subarray(at, at + piece));
    await farm.logs.append(log, offset + at, part, afterCut && at === 0);
  }
  farm.web.grew(new Map([[log.id, offset + bytes.length]]));
}

/** Ends a log: first in the log files, then in the store. */
export async function endLog(
  farm: SmallFarm,
  log: { id: number; file: string },
  kept: Uint8Array,
  ranges: readonly Range[] = [[0, kept.length]],
): Promise<void> {
  const bytes = ranges.at(-1)?.[1] ?? 0;
  const sha256 = createHash('sha256').update(kept).digest('hex');
  const answer = await farm.logs.finish(log, { bytes, ranges, sha256 });
  if (answer.t !== 'kept') throw new Error(`the log was not kept: ${JSON.stringify(answer)}`);
  const { lines } = answer;
  await farm.store.unit((db) => finishLog(db, log.id, { bytes, lines, ranges, sha256 }));
}
