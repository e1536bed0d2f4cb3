import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { maxConnections } from '../src/descriptors.ts';

describe('the connections of a master', () => {
  for (const limit of [1_024, 20_000, 1_048_576]) {
    it(`leave the engine files to open, of ${limit}`, () => {
      const taken = maxConnections('worker', limit) + maxConnections('web', limit);

      assert.ok(limit - taken >= 128 && limit - taken <= 130, String(taken));
    });
  }

  it('are for ten thousand workers where 20,000 files may be open', () => {
    assert.ok(maxConnections('worker', 20_000) >= 10_000);
  });

  it('are some, however few files may be open', () => {
    assert.deepEqual([maxConnections('worker', 100), maxConnections('web', 100)], [16, 16]);
  });
});
