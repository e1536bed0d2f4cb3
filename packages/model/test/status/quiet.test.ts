import assert from 'node:assert/strict';
import { isQuiet } from '@weir/model';
import { describe, it } from 'mocha';

const hour = 3_600_000;

describe('a quiet builder', () => {
  it('has had no result for twice the usual gap', () => {
    assert.equal(isQuiet(0, hour, 2 * hour), false);
    assert.equal(isQuiet(0, hour, 2 * hour + 1), true);
  });

  it('is not called so within an hour', () => {
    assert.equal(isQuiet(0, 1_000, hour), false);
    assert.equal(isQuiet(0, 1_000, hour + 1), true);
  });

  it('has a past to compare with', () => {
    assert.equal(isQuiet(null, hour, 100 * hour), false);
    assert.equal(isQuiet(0, null, 100 * hour), false);
  });
});
