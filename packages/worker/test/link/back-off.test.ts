import assert from 'node:assert/strict';
import { reconnectBusyMs, reconnectIdleMs } from '@weir/protocol';
import { describe, it } from 'mocha';
import { backOffMs } from '../../src/link/back-off.ts';

describe('the wait before another link', () => {
  it('is anything up to a limit that doubles', () => {
    assert.equal(
      backOffMs(3, false, () => 0),
      0,
    );
    assert.equal(
      backOffMs(3, false, () => 1),
      1_600,
    );
  });

  it('stays short while builds run, and bounded when idle', () => {
    assert.equal(
      backOffMs(30, true, () => 1),
      reconnectBusyMs,
    );
    assert.equal(
      backOffMs(30, false, () => 1),
      reconnectIdleMs,
    );
  });
});
