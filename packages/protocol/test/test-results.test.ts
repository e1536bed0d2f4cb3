import assert from 'node:assert/strict';
import { BadTestListError, decodeTestResults, encodeTestResults } from '@weir/protocol';
import type { TestNote, TestResults } from '@weir/protocol';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';

const note = fc.record(
  {
    text: fc
      .string({ unit: 'binary', maxLength: 500 })
      .map((text) => text.slice(0, 500).toWellFormed()),
    hash: fc.stringMatching(/^[\da-f]{16}$/),
  },
  { noNullPrototype: true },
);
const results = fc.nat(60).chain((count) => {
  const index = fc.nat(Math.max(0, count - 1));
  const maxLength = count === 0 ? 0 : 20;
  const bytes = (max: number) => fc.uint8Array({ minLength: count, maxLength: count, max });
  return fc.record({
    outcomes: bytes(4),
    durations: bytes(255),
    attempts: fc
      .array(fc.tuple(index, fc.integer({ min: 2, max: 1_000 })), { maxLength })
      .map((pairs) => new Map(pairs)),
    notes: fc.array(fc.tuple(index, note), { maxLength }).map((pairs) => new Map(pairs)),
  });
});

describe('test results', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(results, (before) => {
        assert.deepEqual(plain(decodeTestResults(encodeTestResults(before))), plain(before));
      }),
    );
  });

  it('have the layout of version 1', () => {
    const bytes = encodeTestResults({
      outcomes: Uint8Array.of(0, 1, 2),
      durations: Uint8Array.of(0, 30, 1),
      attempts: new Map([[1, 300]]),
      notes: new Map([
        [1, { hash: '0123456789abcdef', text: 'é' }],
        [2, { hash: '0123456789abcdef', text: 'é' }],
      ]),
    });

    assert.equal(
      Buffer.from(bytes).toString('hex'),
      [
        '57545201',
        '03' + '000102' + '001e01',
        '01' + '01ac02',
        '01' + '0123456789abcdef' + '02c3a9',
        '02' + '0100' + '0100',
      ].join(''),
    );
  });

  const [head, tests] = ['57545201', '03' + '000102' + '001e01'];
  const bad: readonly (readonly [string, string, RegExp])[] = [
    ['are of another version', '57545202', /^byte 4: no test results of version 1$/],
    ['claim too many tests', `${head}ffffff7f`, /at most 1000000/],
    ['have a number without an end', `${head}${'ff'.repeat(9)}`, /more than 1000000 tests/],
    ['have fewer tests than they say', `${head}05000102`, /5 bytes should follow/],
    ['have an unknown outcome', `${head}010500000000`, /an unknown outcome/],
    ['name a test beyond the last', `${head}${tests}010302`, /test 3 of 3/],
    ['name a test twice', `${head}${tests}0201020002`, /a test comes twice/],
    ['name a note that is not there', `${head}${tests}00000100` + '00', /0 as number of a note/],
    ['have a note that is too long', `${head}${tests}0001${'00'.repeat(8)}ff7f`, /bytes of a note/],
    ['have a note that is no UTF-8', `${head}${tests}0001${'00'.repeat(8)}01ff00`, /no UTF-8/],
    ['have bytes behind their end', `${head}${tests}00000000`, /bytes behind the end/],
  ];
  for (const [what, hex, message] of bad) {
    it(`are refused when they ${what}`, () => {
      const bytes = Buffer.from(hex, 'hex');

      assert.throws(() => decodeTestResults(bytes), { name: 'BadTestListError', message });
    });
  }

  it('are read or refused, whatever was done to the bytes', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255));

    fc.assert(
      fc.property(results, fc.array(change, { maxLength: 4 }), fc.nat(), (whole, changes, cut) => {
        const bytes = encodeTestResults(whole);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        try {
          decodeTestResults(bytes.subarray(0, cut % (bytes.length + 1)));
        } catch (error) {
          assert.ok(error instanceof BadTestListError);
        }
      }),
    );
  });
});

function plain({ outcomes, durations, attempts, notes }: TestResults): unknown {
  const byTest = <T>(map: ReadonlyMap<number, T>): [number, T][] =>
    [...map].toSorted(([a], [b]) => a - b);
  return [[...outcomes], [...durations], byTest(attempts), byTest<TestNote>(notes)];
}
