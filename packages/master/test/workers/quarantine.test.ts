import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildersOf } from '@weir/model';
import type { Result } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { loseBuild } from '../../src/builds/lose-build.ts';
import { settleBuild } from '../../src/builds/settle-build.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { builderByName, syncBuilders, takeNumber } from '../../src/store/builders.ts';
import type { BuildRow } from '../../src/store/builds.ts';
import { finishBuild, insertBuild } from '../../src/store/builds.ts';
import { eventsAfter, recordEvents } from '../../src/store/events.ts';
import { claimRequest, insertRequest } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import type { WorkerRow } from '../../src/store/workers.ts';
import { insertPending, setEnrolment, workerByName } from '../../src/store/workers.ts';
import { Quarantines } from '../../src/workers/quarantines.ts';
import type { Sessions } from '../../src/workers/sessions.ts';

const text = `
farm: Test
platforms: { here: [linux] }
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: { main: {} }
    steps: [build: make]
projects:
  json: { trunks: [lua/main], steps: [test: make] }
  xml: { trunks: [lua/main], steps: [test: make] }
`;
const json = 'lua/main/json/here';
const xml = 'lua/main/xml/here';

describe('what is held against a worker', () => {
  let dir: string;
  let store: Store;
  let now = 0;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-quarantine-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    now = 1_000_000;
    const reading = readFarmText(text, 'farm.yaml');
    assert.ok(reading.ok);
    await store.unit(async (db) => {
      await syncBuilders(db, buildersOf(reading.farm));
      for (const name of ['w1', 'w2']) {
        const who = { name, key: name, fingerprint: name, owner: '', agent: '0.1.0' };
        await insertPending(db, { ...who, address: null, at: now });
        const { id } = await worker(name, db);
        await setEnrolment(db, id, ['pending'], 'accepted');
      }
    });
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  async function worker(name: string, db = store.read): Promise<WorkerRow> {
    const row = await workerByName(db, name);
    assert.ok(row);
    return row;
  }

  /** Begins a build on a worker. Time passes with each beginning and each end. */
  async function begin(name: string, builder: string): Promise<BuildRow> {
    now += 10;
    const { id: workerId } = await worker(name);
    return store.unit(async (db) => {
      const { id: builderId = 0 } = (await builderByName(db, builder)) ?? {};
      const request = await insertRequest(db, {
        builderId,
        reason: 'forced',
        reasonText: '',
        requestedBy: 'test',
        upstreamCommit: 'f'.repeat(40),
        upstreamPosition: 1,
        projectCommit: null,
        projectPosition: null,
        createdAt: now,
      });
      await claimRequest(db, request.id);
      const number = await takeNumber(db, builderId);
      const where = { builderId, workerId, number, requestId: request.id };
      const how = { attempt: 1, boot: 'b', leaseUntil: now, startedAt: now, trial: null };
      return insertBuild(db, { ...where, ...how });
    });
  }

  async function end(build: BuildRow, result: Result): Promise<void> {
    now += 10;
    const { id, epoch, number, request_id: requestId, worker_id: workerId } = build;
    const ended = { result, findings: [], text: 'no disk', environment: {}, at: now };
    await store.unit(async (db) => {
      await finishBuild(db, id, { epoch }, ended);
      const what = { id, number, requestId, workerId, startedAt: build.started_at };
      const ending = { ...what, upstreamCommit: '', trial: null, cancelReason: null };
      await recordEvents(db, await settleBuild(db, ending, ended, 3));
    });
  }

  async function lose(build: BuildRow, isMeant = false): Promise<void> {
    now += 10;
    await store.unit((db) =>
      loseBuild(db, build, { text: 'gone', maxAttempts: 3, isMeant, at: now }),
    );
  }

  async function run(name: string, builder: string, result: Result): Promise<void> {
    await end(await begin(name, builder), result);
  }

  async function told(): Promise<string[]> {
    const events = await eventsAfter(store.read, 0, 1_000);
    return events
      .filter(({ subject }) => subject.startsWith('worker/'))
      .map(({ kind, subject }) => `${kind} ${subject}`);
  }

  it('is one strike for all the builds that it lost at once', async () => {
    const builds = [await begin('w1', json), await begin('w1', xml), await begin('w1', json)];

    for (const build of builds) await lose(build);

    assert.equal((await worker('w1')).strikes, 1);
    assert.deepEqual(await told(), []);
  });

  it('quarantines it twice as long each time, with the builds that show why', async () => {
    const times: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      await lose(await begin('w1', round % 2 === 0 ? json : xml));
      times.push(((await worker('w1')).quarantined_until ?? now) - now);
    }

    assert.deepEqual(times, [0, 10_000, 20_000, 40_000]);
    const last = (await eventsAfter(store.read, 0, 1_000)).at(-1);
    const { builds, reason } = JSON.parse(last?.data_json ?? '') as {
      builds: { builder: string; result: string }[];
      reason: string;
    };
    assert.deepEqual(
      builds.map(({ builder, result }) => `${builder} ${result}`),
      [`${xml} lost`, `${json} lost`, `${xml} lost`],
    );
    assert.equal(
      reason,
      `4 times in a row infrastructure took what it built, last ${xml} #2: gone`,
    );
  });

  it('quarantines it for a minute at most, until somebody brings anything to a result', async () => {
    const strike = async (round: number): Promise<number> => {
      await lose(await begin('w1', round % 2 === 0 ? json : xml));
      return ((await worker('w1')).quarantined_until ?? now) - now;
    };
    for (let round = 0; round < 6; round += 1) await strike(round);
    assert.equal(await strike(6), 60_000);

    await run('w2', 'lua/main/here', 'success');

    assert.equal(await strike(7), 640_000);
  });

  it('is forgotten for one build with a result', async () => {
    await run('w1', json, 'exception');
    await run('w1', xml, 'exception');

    await run('w1', json, 'failure');

    const { strikes, struck_at, quarantined_at, quarantined_until } = await worker('w1');
    assert.deepEqual(
      [strikes, struck_at, quarantined_at, quarantined_until],
      [0, null, null, null],
    );
    assert.deepEqual(await told(), ['worker.quarantined worker/w1', 'worker.recovered worker/w1']);
  });

  it('is nothing for a project that fails on another worker too', async () => {
    await run('w2', json, 'exception');

    await run('w1', json, 'exception');

    assert.equal((await worker('w1')).strikes, 0);
  });

  it('is a strike when what failed on the other worker came to a result since', async () => {
    await run('w2', json, 'exception');
    await run('w1', json, 'success');

    await run('w1', json, 'exception');

    assert.equal((await worker('w1')).strikes, 1);
  });

  it('is a second strike for the same project once another worker has built it', async () => {
    await run('w1', json, 'exception');
    await run('w1', json, 'exception');
    assert.equal((await worker('w1')).strikes, 1);
    await run('w2', json, 'success');

    await run('w1', json, 'exception');

    assert.equal((await worker('w1')).strikes, 2);
  });

  it('is nothing when somebody took the build away on purpose', async () => {
    await lose(await begin('w1', json), true);

    assert.equal((await worker('w1')).strikes, 0);
  });

  describe('over a quarantine', () => {
    let session: { id: number; quarantined: object | null };
    let freed: Promise<void>;
    let quarantines: Quarantines;

    beforeEach(async () => {
      await run('w1', json, 'exception');
      await run('w1', xml, 'exception');
      session = { id: (await worker('w1')).id, quarantined: null };
      const sessions = { all: () => [session], of: () => session } as unknown as Sessions;
      const { promise, resolve } = Promise.withResolvers<void>();
      freed = promise;
      const log = { info: () => {}, warn: () => {} };
      quarantines = new Quarantines({ store, now: () => now, log, sessions, freed: resolve });
    });
    afterEach(() => quarantines.stop());

    function written(columns: { quarantined_until: number; struck_at?: number }): Promise<unknown> {
      return store.unit((db) =>
        db.updateTable('worker').set(columns).where('name', '=', 'w1').execute(),
      );
    }

    it('takes builds again by the clock, and is told so at once', async () => {
      const { quarantined_until: until } = await worker('w1');
      assert.ok(until);
      await quarantines.start();
      await quarantines.refresh(session.id);
      assert.notEqual(session.quarantined, null);

      now = until - 20;
      await written({ quarantined_until: until - 1 });
      await quarantines.refresh(session.id);
      now = until;
      await freed;

      assert.equal(session.quarantined, null);
      assert.equal((await worker('w1')).strikes, 2);
      assert.equal((await told()).at(-1), 'worker.released worker/w1');
    });

    it('waits no longer than the rule has it, though the clock that wrote it was ahead', async () => {
      const ahead = now + 31_536_000_000;
      await written({ quarantined_until: ahead, struck_at: ahead });

      await quarantines.start();
      assert.equal((await worker('w1')).struck_at, now);
      now += 3_600_000;
      await quarantines.look();

      await freed;
      assert.equal(session.quarantined, null);
    });
  });
});
