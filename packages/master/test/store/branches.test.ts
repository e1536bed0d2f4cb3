import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import type { BranchRow } from '../../src/store/branches.ts';
import {
  branchByName,
  insertBranch,
  moveCursor,
  restartBranch,
  setBranchState,
} from '../../src/store/branches.ts';
import type { Store } from '../../src/store/store.ts';

const here = { name: 'lua/main', kind: 'trunk', repository: 'https://a/x', ref: 'main' } as const;
const there = { ...here, repository: 'https://b/x' };

describe('a branch row', () => {
  let dir: string;
  let store: Store;
  let branch: BranchRow;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weir-store-'));
    store = await openTestStore(join(dir, 'weir.sqlite'));
    await store.unit((db) => insertBranch(db, here));
    branch = await read();
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true });
  });

  async function read(): Promise<BranchRow> {
    const row = await branchByName(store.read, here.name);
    assert.ok(row);
    return row;
  }

  const move = (head: string) =>
    store.unit((db) => moveCursor(db, branch, { head, position: 1, rewrittenAt: null, at: 5 }));

  it('moves its cursor once for all who saw it at the same place', async () => {
    const moves = await Promise.all([move('one'), move('two')]);

    assert.deepEqual(
      moves.map((row) => row?.head),
      ['one', undefined],
    );
    const { head, position, state, polled_at } = await read();
    assert.deepEqual(
      { head, position, state, polled_at },
      { head: 'one', position: 1, state: 'following', polled_at: 5 },
    );
  });

  it('takes no cursor and no state from the place where it was before', async () => {
    await store.unit((db) => restartBranch(db, branch.id, there));
    const seen = { state: 'deleted', error: null, at: 5 } as const;

    assert.equal(await move('one'), undefined);
    assert.equal(await store.unit((db) => setBranchState(db, here, seen)), undefined);

    assert.deepEqual({ ...(await read()) }, { ...branch, repository: there.repository });
  });

  it('says which state it had', async () => {
    const set = (state: 'deleted' | 'unreachable') =>
      store.unit((db) => setBranchState(db, here, { state, error: 'why', at: 5 }));

    assert.deepEqual(
      [await set('deleted'), await set('unreachable'), await set('unreachable')],
      ['new', 'deleted', 'unreachable'],
    );
    assert.equal((await read()).error, 'why');
  });
});
