import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { series } from '../../src/index.ts';

describe('series', () => {
  for (const [names, text] of [
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c', 'd'], 'a, b, c and d'],
    [['a', 'b', 'c', 'd', 'e'], 'a, b, c and 2 more'],
  ] as const) {
    it(`puts ${names.length} names in a sentence`, () => assert.equal(series(names), text));
  }
});
