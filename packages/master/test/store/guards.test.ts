import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import type { BuildRow } from '../../src/store/builds.ts';
import {
  advanceJournal,
  buildById,
  finishBuild,
  insertBuild,
  requestCancel,
} from '../../src/store/builds.ts';
import { raiseEpoch, renewLeases } from '../../src/store/leases.ts';
import { setOnline } from '../../src/store/presence.ts';
import { cancelRequest, claimRequest, insertRequest } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import {
  insertPending,
  setEnrolment,
  setWorkerPause,
  workerByName,
} from '../../src/store/workers.ts';
import { newRequest } from '../support/request-row.ts';

const end = { result: 'success', findings: [], text: '', environment: {}, at: 9 } as const;

describe('guarded writes', () => {
  let dir: string;
  let store: Store;
  let build: BuildRow;
  let workerId: number;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-guards-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    workerId = await store.unit(async (db) => {
      const asked = { key: 'k', fingerprint: 'f', owner: '', agent: '', address: null, at: 1 };
      await insertPending(db, { name: 'w', ...asked });
      return (await workerByName(db, 'w'))?.id ?? 0;
    });
    build = await store.unit((db) =>
      insertBuild(db, {
        builderId: 1,
        number: 1,
        requestId: 1,
        workerId,
        attempt: 1,
        boot: 'b',
        leaseUntil: 5,
        startedAt: 1,
        trial: null,
      }),
    );
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  it('let one of several claims succeed', async () => {
    const { id } = await store.unit((db) => insertRequest(db, newRequest));

    const claims = await Promise.all([1, 2, 3].map(() => store.unit((db) => claimRequest(db, id))));

    assert.deepEqual(claims.filter(Boolean).length, 1);
    assert.equal(
      await store.unit((db) => cancelRequest(db, id, { at: 2, supersededBy: null })),
      false,
    );
  });

  it('refuse a claim that goes by what is so no more', async () => {
    const machine = { slots: 1, labels: [], sandbox: {}, facts: {}, clockSkewMs: 0 };
    const { id } = await store.unit(async (db) => {
      const hello = { at: 1, engine: 7, boot: 'b', agent: '', hasArtifacts: true, ...machine };
      await setEnrolment(db, workerId, ['pending'], 'accepted');
      await setOnline(db, workerId, hello);
      return insertRequest(db, newRequest);
    });
    const claim = (as: { attempts: number; engine: number | null }): Promise<boolean> =>
      store.unit((db) => claimRequest(db, id, { workerId, ...as }));

    // It was tried elsewhere since it was read.
    assert.equal(await claim({ attempts: 1, engine: 7 }), false);
    // Its worker is connected elsewhere.
    assert.equal(await claim({ attempts: 0, engine: 8 }), false);
    assert.equal(await claim({ attempts: 0, engine: null }), false);
    // A person has paused it, and its engine has not heard of that.
    const pause = { by: 'admin', at: 1, reason: '' };
    await store.unit((db) => setWorkerPause(db, workerId, pause));
    assert.equal(await claim({ attempts: 0, engine: 7 }), false);
    await store.unit((db) => setWorkerPause(db, workerId, null));
    assert.equal(await claim({ attempts: 0, engine: 7 }), true);
  });

  it('renew the lease of a build under its epoch alone', async () => {
    const renew = (epoch: number) =>
      store.unit((db) => renewLeases(db, [{ id: build.id, epoch }], 100));

    await renew(2);
    assert.equal((await buildById(store.read, build.id))?.lease_until, 5);
    await renew(1);
    assert.equal((await buildById(store.read, build.id))?.lease_until, 100);
  });

  it('refuse a journal under an old epoch, or out of its order', async () => {
    const taken = await store.unit((db) =>
      raiseEpoch(db, build.id, { boot: 'b', epoch: 1, leaseUntil: 9, engine: null }),
    );
    assert.deepEqual({ ...taken }, { epoch: 2, entries: 0 });

    const advance = (journal: { epoch: number; from: number; to: number }) =>
      store.unit((db) => advanceJournal(db, build.id, journal));

    assert.equal(await advance({ epoch: 1, from: 0, to: 1 }), false);
    assert.equal(await advance({ epoch: 2, from: 1, to: 2 }), false);
    assert.equal(await advance({ epoch: 2, from: 0, to: 2 }), true);
    assert.equal(await advance({ epoch: 2, from: 0, to: 2 }), false);
  });

  it('end a build once, under its epoch', async () => {
    const finish = (epoch: number) => store.unit((db) => finishBuild(db, build.id, { epoch }, end));
    assert.equal(await finish(7), false);

    assert.equal(await finish(1), true);

    assert.equal(await finish(1), false);
    assert.equal(
      await store.unit((db) =>
        raiseEpoch(db, build.id, { boot: 'b', epoch: 1, leaseUntil: 9, engine: null }),
      ),
      undefined,
    );
    assert.equal(await store.unit((db) => requestCancel(db, build.id, 'late')), false);
    assert.equal((await buildById(store.read, build.id))?.finished_at, 9);
  });
});
