import assert from 'node:assert/strict';
import { isConclusive, nextVerdict } from '@weir/model';
import { type Result, results, type Verdict, verdicts } from '@weir/protocol';
import fc from 'fast-check';
import { describe, it } from 'mocha';

function verdictAfter(history: readonly Result[]): Verdict {
  let verdict: Verdict = 'unknown';
  for (const result of history) verdict = nextVerdict(verdict, result);
  return verdict;
}

describe('nextVerdict', () => {
  it('is red only for a builder that was green before', () => {
    assert.equal(verdictAfter(['failure']), 'never green');
    assert.equal(verdictAfter(['failure', 'success', 'failure']), 'red');
  });

  it('takes warnings for green', () => {
    assert.equal(verdictAfter(['warnings']), 'green');
  });

  it('keeps the verdict after a build that says nothing about the code', () => {
    for (const verdict of verdicts) {
      for (const result of results.filter((each) => !isConclusive(each))) {
        assert.equal(nextVerdict(verdict, result), verdict);
      }
    }
  });

  it('is what the last conclusive build and the question whether one was ever green make it', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...results)), (history) => {
        const conclusive = history.filter(isConclusive);
        const last = conclusive.at(-1);
        const everGreen = conclusive.some((result) => result !== 'failure');
        const red = everGreen ? 'red' : 'never green';
        const expected = last === undefined ? 'unknown' : last === 'failure' ? red : 'green';

        assert.equal(verdictAfter(history), expected);
      }),
    );
  });
});
