import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { afterSilence, reattachment } from '../../src/index.ts';
import type { KnownBuild } from '../../src/index.ts';

const running: KnownBuild = {
  workerId: 1,
  state: 'running',
  result: null,
  epoch: 3,
  hasLateResult: false,
};
const reported = { workerId: 1, epoch: 2 };

describe('a build that a worker comes back with', () => {
  it('goes on, within reach or not, whatever epoch the worker heard of last', () => {
    assert.equal(reattachment(running, reported), 'continue');
    assert.equal(reattachment({ ...running, state: 'detached' }, reported), 'continue');
  });

  it('is evidence when it was given up, until the farm has that', () => {
    const lost: KnownBuild = { ...running, state: 'finished', result: 'lost' };
    assert.equal(reattachment(lost, reported), 'upload-only');
    assert.equal(reattachment({ ...lost, hasLateResult: true }, reported), 'abort');
  });

  it('is dropped when the farm has it whole, or does not know it as that of this worker', () => {
    const done: KnownBuild = { ...running, state: 'finished', result: 'success' };
    assert.equal(reattachment(done, reported), 'abort');
    assert.equal(reattachment(undefined, reported), 'abort');
    assert.equal(reattachment({ ...running, workerId: 2 }, reported), 'abort');
    assert.equal(reattachment(running, { workerId: 1, epoch: 4 }), 'abort');
  });
});

describe('silence', () => {
  const rule = { now: 1_000, reattachWithinMs: 500 };

  it('means nothing while the lease lasts', () => {
    const leased = { leaseUntil: 1_000, state: 'running', detachedMs: 0 } as const;
    assert.equal(afterSilence(leased, rule), 'keep');
  });

  it('detaches, and takes the build after the time that an engine has waited', () => {
    const leaseUntil = 999;
    const act = (state: 'running' | 'detached', detachedMs: number) =>
      afterSilence({ leaseUntil, state, detachedMs }, rule);
    assert.equal(act('running', 0), 'detach');
    assert.equal(act('detached', 499), 'keep');
    assert.equal(act('detached', 500), 'lose');
  });
});
