import assert from 'node:assert/strict';
import { isStale } from '@weir/model';
import { describe, it } from 'mocha';

const hour = 3_600_000;

describe('a stale verdict', () => {
  it('is one whose builder something has waited for too long', () => {
    assert.equal(isStale(null, 1_000, 100 * hour), false);
    assert.equal(isStale(0, 1_000, hour), false);
    assert.equal(isStale(0, null, hour + 1), true);
  });

  it('is judged by how long the builder takes', () => {
    assert.equal(isStale(0, hour, 4 * hour), false);
    assert.equal(isStale(0, hour, 4 * hour + 1), true);
  });
});
