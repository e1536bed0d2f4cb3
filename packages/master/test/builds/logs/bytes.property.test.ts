import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { countLineEnds } from '../../../src/builds/logs/bytes.ts';

describe('countLineEnds', () => {
  it('counts every line end and nothing else, wherever the bytes lie', () => {
    // What differs from a line end in one bit, or follows one, is what counting in words may get wrong.
    const byte = fc.oneof(fc.constantFrom(10, 11, 9, 8, 0, 138, 255), fc.nat(255));
    const bytes = fc.array(byte, { maxLength: 100 });
    fc.assert(
      fc.property(bytes, fc.nat(7), (values, start) => {
        const all = new Uint8Array(start + values.length + 8).fill(10);
        all.set(values, start);

        const count = countLineEnds(all.subarray(start, start + values.length));

        assert.equal(count, values.filter((value) => value === 10).length);
      }),
      { numRuns: 2_000 },
    );
  });
});
