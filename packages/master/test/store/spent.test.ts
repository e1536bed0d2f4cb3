import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { spend } from '../../src/store/spent.ts';

it('what is good once is spent once, and forgotten when its time is over', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-spent-'));
  const store = await openTestStore(join(dir, 'weir.sqlite'));
  const use = (what: string, at: number): Promise<boolean> =>
    store.unit((db) => spend(db, what, { until: at + 100, at }));

  // Of another number of digits than those after it.
  const answers = [await use('a', 950), await use('a', 1_050), await use('b', 1_050)];
  const both = await Promise.all([use('c', 1_150), use('c', 1_150)]);
  const kept = await store.read
    .selectFrom('setting')
    .select('name')
    .where('name', 'like', 'spent/%')
    .execute();
  await store[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });

  assert.deepEqual(answers, [true, false, true]);
  assert.deepEqual(both, [true, false]);
  assert.equal(kept.length, 2);
});
