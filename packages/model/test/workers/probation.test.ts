import assert from 'node:assert/strict';
import type { Result } from '@weir/protocol';
import { describe, it } from 'mocha';
import type { Trial } from '../../src/workers/probation.ts';
import { afterTrial, nextTrial } from '../../src/workers/probation.ts';

const fresh = { agreed: 0, disagreed: 0, notBefore: null };
const minute = 60_000;

function outcome(trial: Trial, result: Result): string {
  return afterTrial(fresh, { trial, result }, 0).outcome;
}

describe('probation', () => {
  it('counts a build by whether its answer was known', () => {
    assert.equal(outcome('known', 'success'), 'agreed');
    assert.equal(outcome('known', 'failure'), 'disagreed');
    assert.equal(outcome('runtime', 'success'), 'none');
    assert.equal(outcome('runtime', 'failure'), 'disagreed');
    assert.equal(outcome('open', 'warnings'), 'agreed');
    assert.equal(outcome('open', 'failure'), 'none');
  });

  it('takes nothing from builds that say nothing about the code', () => {
    for (const result of ['lost', 'exception', 'cancelled', 'skipped'] as const) {
      assert.deepEqual(afterTrial(fresh, { trial: 'known', result }, 0), {
        outcome: 'none',
        standing: fresh,
      });
    }
  });

  it('ends with the third agreement in a row', () => {
    const twice = { agreed: 2, disagreed: 1, notBefore: 5 };

    assert.deepEqual(afterTrial(twice, { trial: 'known', result: 'success' }, 9), {
      outcome: 'promoted',
      standing: { agreed: 3, disagreed: 1, notBefore: null },
    });
  });

  it('starts again after a disagreement, later each time, and at most a day later', () => {
    const waits: (number | null)[] = [];
    let standing = { ...fresh, agreed: 2, notBefore: null as number | null };
    for (let times = 0; times < 6; times += 1) {
      standing = afterTrial(standing, { trial: 'known', result: 'failure' }, 0).standing;
      assert.equal(standing.agreed, 0);
      waits.push(standing.notBefore);
    }
    assert.deepEqual(
      waits,
      [10, 40, 160, 640, 1_440, 1_440].map((minutes) => minutes * minute),
    );
  });

  it('repeats each builder in turn, the shortest first', () => {
    const known = [
      { builderId: 1, buildId: 11, usualMs: 10, repeats: 1 },
      { builderId: 2, buildId: 12, usualMs: 30, repeats: 0 },
      { builderId: 3, buildId: 13, usualMs: 20, repeats: 0 },
    ];

    assert.equal(nextTrial(known)?.buildId, 13);
    assert.equal(nextTrial([]), undefined);
  });
});
