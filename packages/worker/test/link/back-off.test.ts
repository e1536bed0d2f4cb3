import assert from 'node:assert/strict';
import { reconnectBusyMs, reconnectIdleMs } from '@weir/protocol';
import { describe, it } from 'mocha';
import { backOffMs } from '../../src/link/back-off.ts';

const longest = (): number => 1;
const hourMs = 3_600_000;

describe('the wait before another link', () => {
  it('is anything up to its limit', () => {
    assert.equal(
      backOffMs(8_000, false, () => 0),
      0,
    );
    assert.equal(
      backOffMs(8_000, false, () => 0.5),
      1_000,
    );
  });

  it('adds at most a quarter to how long the farm was away', () => {
    assert.equal(backOffMs(2_000, true, longest), 500);
    assert.equal(backOffMs(8_000, true, longest), 2_000);
    assert.equal(backOffMs(0, true, longest), 250);
  });

  it('stays short while builds run, and bounded when idle', () => {
    assert.equal(backOffMs(hourMs, true, longest), reconnectBusyMs);
    assert.equal(backOffMs(hourMs, false, longest), reconnectIdleMs);
  });
});
