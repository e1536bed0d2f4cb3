import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatDuration } from '../src/duration.ts';

describe('formatDuration', () => {
  it('takes the largest unit that leaves no rest', () => {
    assert.equal(formatDuration(0), '0s');
    assert.equal(formatDuration(30_000), '30s');
    assert.equal(formatDuration(60_000), '1m');
    assert.equal(formatDuration(5_400_000), '90m');
    assert.equal(formatDuration(7_200_000), '2h');
    assert.equal(formatDuration(2_592_000_000), '30d');
  });
});
