import assert from 'node:assert/strict';
import { testPattern } from '@weir/protocol';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';

describe('a pattern for names of tests', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['a.b', 'a.b', true],
    ['a.b', 'a.bc', false],
    ['a.b', 'a_b', false],
    ['a.*', 'a.', true],
    ['*.b', 'a.b', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c', false],
    ['*ab*ab', 'ab', false],
    ['[x]*(1)', '[x] y (1)', true],
  ];
  for (const [pattern, name, matches] of cases) {
    it(`${pattern} ${matches ? 'matches' : 'does not match'} ${name === '' ? 'nothing' : name}`, () => {
      assert.equal(testPattern(pattern)(name), matches);
    });
  }

  it('matches as the regular expression does that it stands for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });

    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const parts = pattern.split('*').map((part) => RegExp.escape(part));
        const expected = new RegExp(`^${parts.join('.*')}$`, 's').test(name);
        assert.equal(testPattern(pattern)(name), expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it('takes no time to speak of, whatever it is', () => {
    const matches = testPattern(`${'a*'.repeat(149)}b`);

    const begin = performance.now();
    for (let n = 0; n < 100; n++) matches('a'.repeat(300));

    assert.ok(performance.now() - begin < 1_000);
  });
});
