import assert from 'node:assert/strict';
import { BadTestListError, decodeTestNames, encodeTestNames, indexOfTest } from '@weir/protocol';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }).map((text) =>
  text
    .slice(0, 300)
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001f\u007f]/g, '.'),
);
const sortedNames = fc.uniqueArray(name, { maxLength: 50 }).map((names) => names.toSorted());
const utf8 = new TextEncoder();

describe('a list of test names', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(sortedNames, (names) => {
        assert.deepEqual(decodeTestNames(encodeTestNames(names)), names);
      }),
    );
  });

  it('finds each name in its place, and no other', () => {
    fc.assert(
      fc.property(sortedNames, name, (names, other) => {
        for (const [index, each] of names.entries()) assert.equal(indexOfTest(names, each), index);
        assert.equal(
          indexOfTest(names, other),
          names.includes(other) ? names.indexOf(other) : null,
        );
      }),
    );
  });

  const bad: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['is not sorted', utf8.encode('b\na\n'), /line 2: empty, or not behind/],
    ['has a name twice', utf8.encode('a\na\n'), /line 2: empty, or not behind/],
    ['has an empty name', utf8.encode('\na\n'), /line 1: empty/],
    ['does not end', utf8.encode('a\nb'), /the last line has no end/],
    ['has a name that is too long', utf8.encode(`${'a'.repeat(400)}\n`), /line 1: longer than 310/],
    ['has a control character', utf8.encode('a\rb\n'), /control character/],
    ['is no UTF-8', Uint8Array.of(0xff, 0x0a), /no UTF-8/],
    ['has too many names', utf8.encode(manyNames()), /more than 1000000/],
    ['is too large', new Uint8Array(64 * 1024 * 1024 + 1), /more than 67108864 bytes/],
  ];
  for (const [what, bytes, message] of bad) {
    it(`is refused when it ${what}`, () => {
      assert.throws(() => decodeTestNames(bytes), { name: 'BadTestListError', message });
    });
  }

  it('is read or refused, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeTestNames(bytes);
        } catch (error) {
          assert.ok(error instanceof BadTestListError);
        }
      }),
    );
  });
});

function manyNames(): string {
  return Array.from({ length: 1_000_001 }, (_, n) => `${String(n).padStart(7, '0')}\n`).join('');
}
