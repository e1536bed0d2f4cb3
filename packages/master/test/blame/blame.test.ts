import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Trial } from '@weir/model';
import { buildersOf } from '@weir/model';
import type { RequestReason, Result } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { Blame } from '../../src/blame/blame.ts';
import { loseBuild } from '../../src/builds/lose-build.ts';
import { settleBuild } from '../../src/builds/settle-build.ts';
import { cancelMeaningless } from '../../src/dispatch/cancel-meaningless.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import type { BreakageBuilderRow } from '../../src/store/breakages.ts';
import { suspicionOf } from '../../src/store/breakages.ts';
import type { BuilderRow } from '../../src/store/builders.ts';
import { builderByName, syncBuilders, takeNumber } from '../../src/store/builders.ts';
import type { BuildRow } from '../../src/store/builds.ts';
import { finishBuild, insertBuild } from '../../src/store/builds.ts';
import { recordEvents } from '../../src/store/events.ts';
import type { RequestRow } from '../../src/store/requests.ts';
import { claimRequest, insertRequest } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { insertPending, workerByName } from '../../src/store/workers.ts';

interface Told {
  readonly projectPosition?: number | null;
  readonly trial?: Trial | null;
}

const runtime = 'lua/main/here';
const project = 'lua/main/json/here';
const farmText = `
farm: Test farm
platforms: {here: [linux]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {main: {}}
    steps: [{build: make}]
projects:
  json:
    repository: https://git.example/json
    trunks: [lua/main]
    steps: [{test: lua test.lua}]
`;

describe('what is held against a builder', () => {
  let dir: string;
  let store: Store;
  let blame: Blame;
  let workerId: number;
  let name: string;

  beforeEach(async () => {
    name = runtime;
    dir = await mkdtemp(join(tmpdir(), 'weir-blame-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    const reading = readFarmText(farmText, 'farm.yaml');
    assert.ok(reading.ok);
    workerId = await store.unit(async (db) => {
      await syncBuilders(db, buildersOf(reading.farm));
      const asked = { owner: '', agent: '0.1.0', address: null, at: 1 };
      await insertPending(db, { name: 'w1', key: 'k', fingerprint: 'SHA256:k', ...asked });
      return (await workerByName(db, 'w1'))?.id ?? 0;
    });
    const log = { info: () => {}, warn: () => {} };
    blame = new Blame({ store, now: () => 1, log, asked: () => {} });
    await blame.start();
  });
  afterEach(async () => {
    await blame.stop();
    await store[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  async function builder(): Promise<BuilderRow> {
    const row = await builderByName(store.read, name);
    assert.ok(row);
    return row;
  }

  /** A build of the trunk's commit at a place that ended; its id. */
  async function ended(
    result: Result,
    position: number,
    reason: RequestReason = 'trunk',
    { projectPosition = null, trial = null }: Told = {},
  ): Promise<number> {
    const { id: builderId } = await builder();
    const upstreamCommit = String(position).repeat(40).slice(0, 40);
    const request = await store.unit((db) =>
      insertRequest(db, {
        builderId,
        reason,
        reasonText: '',
        requestedBy: 'test',
        upstreamCommit,
        upstreamPosition: position,
        projectCommit: projectPosition === null ? null : 'f'.repeat(40),
        projectPosition,
        createdAt: 1,
      }),
    );
    return run(request, result, { trial });
  }

  async function begin(request: RequestRow): Promise<BuildRow> {
    const { id: requestId, builder_id: builderId } = request;
    return store.unit(async (db) => {
      await claimRequest(db, requestId);
      const number = await takeNumber(db, builderId);
      const where = { builderId, number, requestId, workerId };
      const how = { attempt: 1, boot: 'b1', leaseUntil: 1, startedAt: 1, trial: null };
      return insertBuild(db, { ...where, ...how });
    });
  }

  /** Runs a request to this end; the build's id. */
  async function run(
    request: RequestRow,
    result: Result,
    { trial = null, maxAttempts = 3 }: { trial?: Trial | null; maxAttempts?: number } = {},
  ): Promise<number> {
    const { id, number, epoch } = await begin(request);
    await store.unit(async (db) => {
      const end = { result, findings: [], text: '', environment: {}, at: 1 };
      await finishBuild(db, id, { epoch }, end);
      const { id: requestId, upstream_commit: upstreamCommit } = request;
      const build = { id, number, requestId, workerId, upstreamCommit };
      const ending = { ...build, startedAt: 1, trial, cancelReason: null };
      await recordEvents(db, await settleBuild(db, ending, end, maxAttempts));
    });
    return id;
  }

  /** What a query finds as soon as it finds something. */
  async function found<T>(query: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      store.onCommit = () => resolve();
      const row = await query();
      if (row !== undefined) return row;
      blame.wake();
      await promise;
    }
  }
  const suspicion = async () => {
    const { id } = await builder();
    return found(() => suspicionOf(store.read, id));
  };
  const member = (isOpen: boolean): Promise<BreakageBuilderRow> =>
    found(() =>
      store.read
        .selectFrom('breakage_builder')
        .selectAll()
        .where('closed_at', isOpen ? 'is' : 'is not', null)
        .executeTakeFirst(),
    );

  it('is a red after a green, though a late red of an older commit came between', async () => {
    const green = await ended('success', 6);
    await ended('failure', 5, 'again');
    const red = await ended('failure', 7);

    const { green_build_id, red_build_id } = await suspicion();

    assert.deepEqual([green_build_id, red_build_id], [green, red]);
  });

  it('counts from the newest green commit, not from an older one that was forced since', async () => {
    const green = await ended('success', 6);
    await ended('success', 2, 'forced');
    await ended('failure', 5, 'forced');
    const red = await ended('failure', 7);

    const { green_build_id, red_build_id } = await suspicion();

    assert.deepEqual([green_build_id, red_build_id], [green, red]);
  });

  it('stands until a commit is green that is no older than the one that confirmed it', async () => {
    await ended('success', 4);
    await ended('failure', 5);
    await suspicion();
    await ended('failure', 6);
    await member(true);
    await ended('success', 5, 'again');
    const green = await ended('success', 7);

    const { fixed_build_id } = await member(false);

    assert.equal(fixed_build_id, green);
  });

  it('is no red of an older commit of its project', async () => {
    name = project;
    await ended('success', 4, 'trunk', { projectPosition: 3 });
    await ended('failure', 4, 'forced', { projectPosition: 2 });
    const { verdict } = await builder();
    const red = await ended('failure', 5, 'trunk', { projectPosition: 3 });

    const { red_build_id } = await suspicion();

    assert.equal(verdict, 'green');
    assert.equal(red_build_id, red);
  });

  it('is no red of a trial whose answer is known', async () => {
    await ended('success', 4);
    await ended('failure', 4, 'probation', { trial: 'known' });
    const red = await ended('failure', 5);

    const { red_build_id } = await suspicion();

    assert.equal(red_build_id, red);
  });

  describe('by a run that no second run has confirmed yet', () => {
    async function againRuns(count: number): Promise<RequestRow[]> {
      return found(async () => {
        const rows = await store.read
          .selectFrom('request')
          .selectAll()
          .where('again_of', 'is not', null)
          .orderBy('id')
          .execute();
        return rows.length < count ? undefined : rows;
      });
    }

    it('is asked for once more when that run is cancelled, and then no more', async () => {
      await ended('success', 4);
      const red = await ended('failure', 5);
      const [first] = await againRuns(1);
      assert.ok(first);

      await store.unit((db) => cancelMeaningless(db, first.id, { at: 2, reason: 'a mistake' }));
      const [, second] = await againRuns(2);
      assert.ok(second);
      await store.unit((db) => cancelMeaningless(db, second.id, { at: 3, reason: 'again' }));
      // What the reader has come to is behind the second cancellation then.
      name = project;
      await ended('success', 4);
      await ended('failure', 5);
      const all = await againRuns(3);

      assert.deepEqual([second.again_of, second.lost_by_worker_id], [red, workerId]);
      assert.deepEqual(
        all.map(({ again_of }) => again_of === red),
        [true, true, false],
      );
    });

    for (const result of ['exception', 'cancelled', 'skipped'] as const) {
      it(`is asked for once more when that run ends as ${result}`, async () => {
        await ended('success', 4);
        const red = await ended('failure', 5);
        const [first] = await againRuns(1);
        assert.ok(first);

        await run(first, result, { maxAttempts: 1 });

        const [, second] = await againRuns(2);
        assert.equal(second?.again_of, red);
      });
    }

    it('is asked for once more when that run is lost for good', async () => {
      await ended('success', 4);
      await ended('failure', 5);
      const [first] = await againRuns(1);
      assert.ok(first);
      const build = await begin(first);

      await store.unit((db) =>
        loseBuild(db, build, { text: '', maxAttempts: 1, isMeant: false, at: 1 }),
      );

      assert.equal((await againRuns(2)).length, 2);
    });
  });

  it('is a red of a builder that the farm file names again', async () => {
    await ended('success', 4);
    await ended('failure', 5);
    await suspicion();
    await store.unit((db) =>
      db
        .updateTable('builder')
        .set({ active: 0 })
        .execute()
        .then(() => {}),
    );
    await blame.dropUnnamed();
    await store.unit((db) =>
      db
        .updateTable('builder')
        .set({ active: 1 })
        .execute()
        .then(() => {}),
    );
    const red = await ended('failure', 6);

    const { red_build_id } = await suspicion();

    assert.equal(red_build_id, red);
  });
});
