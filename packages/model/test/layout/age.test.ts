import assert from 'node:assert/strict';
import { ageText, aheadText, durationText } from '@weir/model/layout';
import { describe, it } from 'mocha';

const minute = 60_000;
const hour = 60 * minute;

describe('ageText', () => {
  const cases: [number, string][] = [
    [-5_000, 'just now'],
    [4_000, 'just now'],
    [30_000, '30 s ago'],
    [5 * minute, '5 min ago'],
    [47 * hour, '47 h ago'],
    [72 * hour, '3 days ago'],
  ];
  for (const [ms, text] of cases) {
    it(`calls ${ms} ms '${text}'`, () => assert.equal(ageText(ms), text));
  }
});

describe('aheadText', () => {
  const cases: [number, string][] = [
    [-5_000, 'now'],
    [0, 'now'],
    [1, 'in 1 s'],
    [60_000, 'in 1 min'],
    [47 * hour, 'in 47 h'],
  ];
  for (const [ms, text] of cases) {
    it(`calls ${ms} ms '${text}'`, () => assert.equal(aheadText(ms), text));
  }
});

describe('durationText', () => {
  const cases: [number, string][] = [
    [-1, '0 ms'],
    [640, '640 ms'],
    [1_240, '1.2 s'],
    [9_960, '10 s'],
    [59_700, '1 min 0 s'],
    [61_000, '1 min 1 s'],
    [119_800, '2 min 0 s'],
    [90 * minute, '1 h 30 min'],
  ];
  for (const [ms, text] of cases) {
    it(`calls ${ms} ms '${text}'`, () => assert.equal(durationText(ms), text));
  }
});
