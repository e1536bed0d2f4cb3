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
import { raiseEpoch } from '../../src/store/leases.ts';
import { cancelRequest, claimRequest, insertRequest } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { newRequest } from '../support/request-row.ts';

const end = { result: 'success', findings: [], text: '', environment: {}, at: 9 } as const;

describe('guarded writes', () => {
  let dir: string;
  let store: Store;
  let build: BuildRow;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-guards-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    build = await store.unit((db) =>
      insertBuild(db, {
        builderId: 1,
        number: 1,
        requestId: 1,
        workerId: 1,
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

  it('refuse a journal under an old epoch, or out of its order', async () => {
    const epoch = await store.unit((db) =>
      raiseEpoch(db, build.id, { boot: 'b', epoch: 1, leaseUntil: 9 }),
    );
    assert.equal(epoch, 2);

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
      await store.unit((db) => raiseEpoch(db, build.id, { boot: 'b', epoch: 1, leaseUntil: 9 })),
      undefined,
    );
    assert.equal(await store.unit((db) => requestCancel(db, build.id, 'late')), false);
    assert.equal((await buildById(store.read, build.id))?.finished_at, 9);
  });
});
