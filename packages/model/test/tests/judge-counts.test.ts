import assert from 'node:assert/strict';
import type { StepReport } from '@weir/protocol';
import { describe, it } from 'mocha';
import { judgeCounts } from '../../src/tests/judge-counts.ts';

type Counted = Pick<StepReport, 'state' | 'totals' | 'mismatch'>;

function counted(
  passed: number,
  skipped = 0,
  state: StepReport['state'] = 'read',
  mismatch: string | null = null,
): Counted {
  return {
    state,
    mismatch,
    totals: { passed, failed: 0, skipped, expectedFailures: 0, unexpectedPasses: 0 },
  };
}

const usual = { mayVanishPercent: 10, maySkipPercent: 10 };

function judged(before: Counted, after: Counted, rules = usual): string[] {
  return judgeCounts({ ...before, build: '#7' }, after, rules).map(({ finding }) => finding);
}

describe('the counts of a suite, against the last green build', () => {
  const vanished = ['tests-vanished'];
  const jumped = ['skips-jumped'];
  const cases: readonly (readonly [string, Counted, Counted, string[]])[] = [
    ['as many tests', counted(100), counted(100), []],
    ['more tests', counted(100), counted(900), []],
    ['a tenth of them gone', counted(100), counted(90), []],
    ['more than a tenth gone', counted(100), counted(89), vanished],
    ['one of few gone', counted(3), counted(2), []],
    ['two of few gone', counted(3), counted(1), vanished],
    ['a tenth more skipped', counted(90, 10), counted(80, 20), []],
    ['more than a tenth more skipped', counted(90, 10), counted(79, 21), jumped],
    ['one of few skipped', counted(3), counted(2, 1), []],
    ['fewer skipped', counted(0, 100), counted(100), []],
    ['half gone, the rest skipped', counted(100), counted(0, 50), [...vanished, ...jumped]],
    ['none at all', counted(100), counted(0), vanished],
    ['a report that was cut', counted(100), counted(5, 0, 'capped'), []],
    ['a plan that was not kept', counted(100), counted(5, 0, 'read', '9 tests were planned'), []],
    ['a last green one that was cut', counted(100, 0, 'capped'), counted(5), []],
  ];
  for (const [what, before, after, findings] of cases) {
    it(`${what}: ${findings.join(', ') || 'nothing'}`, () => {
      assert.deepEqual(judged(before, after), findings);
    });
  }

  it('are held against what the project allows', () => {
    const rules = { mayVanishPercent: 29, maySkipPercent: 100 };

    assert.deepEqual(judged(counted(100), counted(71), rules), []);
    assert.deepEqual(judged(counted(100), counted(70), rules), vanished);
    assert.deepEqual(judged(counted(100), counted(0, 100), rules), []);
    assert.deepEqual(
      judged(counted(100), counted(98), { mayVanishPercent: 0, maySkipPercent: 0 }),
      vanished,
    );
  });

  it('are told in words', () => {
    const measure = { ...counted(900, 10), build: '#41' };
    const found = judgeCounts(measure, counted(12, 500), {
      mayVanishPercent: 10,
      maySkipPercent: 2.5,
    });

    assert.deepEqual(
      found.map(({ text }) => text),
      [
        '512 tests where #41 had 910 (may-vanish allows 10 %)',
        '500 of 512 tests skipped, and 10 of 910 in #41 (may-skip allows 2.5 % more)',
      ],
    );
  });
});
