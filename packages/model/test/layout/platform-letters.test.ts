import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { platformLetters } from '../../src/layout.ts';

describe('platformLetters', () => {
  const cases: readonly [names: string[], letters: string[]][] = [
    [['linux'], ['L']],
    [
      ['linux', 'musl', 'windows'],
      ['L', 'M', 'W'],
    ],
    [
      ['debian-12-x64', 'debian-12-arm64', 'alpine-x64'],
      ['D12X', 'D12A', 'A'],
    ],
    [
      ['linux', 'linux-arm64'],
      ['L', 'LA'],
    ],
    [
      ['full', 'fast', 'small'],
      ['FU', 'FA', 'S'],
    ],
    [
      ['debian-12-x64', 'debian-12-x86'],
      ['debian-12-x64', 'debian-12-x86'],
    ],
    [[], []],
  ];
  for (const [names, letters] of cases) {
    it(`of ${names.join(', ') || 'none'} are ${letters.join(', ') || 'none'}`, () => {
      assert.deepEqual([...platformLetters(names).values()], letters);
    });
  }

  it('tell each platform from every other, whatever their names', () => {
    const name = fc.stringMatching(/^[a-c1][a-c1._-]{0,5}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        assert.equal(new Set(platformLetters(names).values()).size, names.length);
      }),
    );
  });
});
