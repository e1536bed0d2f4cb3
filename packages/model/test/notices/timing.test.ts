import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isReadyToTell, maxTries, retryWaitMs } from '../../src/index.ts';

describe('isReadyToTell', () => {
  const gathering = { since: 1_000, now: 1_001, gatherMs: 600_000, isUnsettled: true };

  it('waits while something of the same commit waits or runs', () => {
    assert.equal(isReadyToTell(gathering), false);
  });
  it('does not wait when nothing does', () => {
    assert.equal(isReadyToTell({ ...gathering, isUnsettled: false }), true);
  });
  it('waits no longer than it may', () => {
    assert.equal(isReadyToTell({ ...gathering, now: 600_999 }), false);
    assert.equal(isReadyToTell({ ...gathering, now: 601_000 }), true);
  });
});

describe('retryWaitMs', () => {
  it('doubles up to six hours', () => {
    const waits = [1, 2, 3, 10, 11, 100].map((tries) => retryWaitMs(tries, 0));
    assert.deepEqual(waits, [30_000, 60_000, 120_000, 15_360_000, 21_600_000, 21_600_000]);
  });

  it('is shortened by chance, to a half at most', () => {
    assert.equal(retryWaitMs(2, 1), 30_000);
    assert.equal(retryWaitMs(2, 0.5), 45_000);
  });

  it('gives a receiver that is away all night time to come back', () => {
    let shortest = 0;
    for (let tries = 1; tries < maxTries; tries += 1) shortest += retryWaitMs(tries, 1);
    assert.ok(shortest > 12 * 3_600_000, `${shortest}`);
  });
});
