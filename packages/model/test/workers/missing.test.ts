import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Absence } from '../../src/workers/missing.ts';
import { missingChange } from '../../src/workers/missing.ts';

const after = 90;
const away: Absence = { online: false, isExcused: false, absentMs: after, isMissing: false };

describe('a missing worker', () => {
  const cases: readonly [string, Partial<Absence>, 'missing' | 'back' | null][] = [
    ['has been away long enough', {}, 'missing'],
    ['is not one that has been away for less', { absentMs: after - 1 }, null],
    ['is not one that is paused or has left', { isExcused: true }, null],
    ['is told of once', { isMissing: true, absentMs: 500 }, null],
    ['is not one that is there', { online: true }, null],
    ['is back when it is there again', { online: true, isMissing: true }, 'back'],
    [
      'is back also when it is paused by then',
      { online: true, isMissing: true, isExcused: true },
      'back',
    ],
  ];
  for (const [title, over, expected] of cases) {
    it(title, () => {
      assert.equal(missingChange({ ...away, ...over }, after), expected);
    });
  }
});
