import assert from 'node:assert/strict';
import { judge } from '@weir/model';
import type { EndedRun, Judgement, Standing } from '@weir/model';
import { results } from '@weir/protocol';
import { describe, it } from 'mocha';

const red: EndedRun = { result: 'failure', wasGreen: true, isOlder: false, onProbation: false };
const green: EndedRun = { ...red, result: 'success' };

describe('what a build means for its builder', () => {
  const table: readonly [string, EndedRun, Standing, Judgement][] = [
    ['a first red is suspected', red, 'none', 'suspect'],
    ['a second red confirms', red, 'suspected', 'confirm'],
    ['a green clears the suspicion', green, 'suspected', 'clear'],
    ['a green closes the breakage', green, 'broken', 'close'],
    ['a red in an open breakage says nothing new', red, 'broken', 'none'],
    ['a green after a green says nothing new', green, 'none', 'none'],
    ['a builder that was never green opens none', { ...red, wasGreen: false }, 'none', 'none'],
    ['a red of older revisions is no news', { ...red, isOlder: true }, 'none', 'none'],
    ['a green of older revisions closes nothing', { ...green, isOlder: true }, 'broken', 'none'],
    ['a green of older revisions clears nothing', { ...green, isOlder: true }, 'suspected', 'none'],
    ['a red on probation is suspected', { ...red, onProbation: true }, 'none', 'suspect'],
    ['a red on probation confirms nothing', { ...red, onProbation: true }, 'suspected', 'none'],
    ['warnings are no red', { ...green, result: 'warnings' }, 'broken', 'close'],
  ];
  for (const [name, run, standing, expected] of table) {
    it(name, () => assert.equal(judge(run, standing), expected));
  }

  it('takes no word from results that say nothing about the code', () => {
    for (const result of results.filter((r) => !['success', 'warnings', 'failure'].includes(r))) {
      for (const standing of ['none', 'suspected', 'broken'] as const) {
        assert.equal(judge({ ...red, result }, standing), 'none', `${result} ${standing}`);
      }
    }
  });
});
