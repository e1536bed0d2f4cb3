import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { parseByteRange } from '../../../src/web/api/byte-range.ts';

describe('a byte range', () => {
  it('is never empty, and never leaves the bytes that there are', () => {
    const number = fc.oneof(fc.constant(''), fc.nat().map(String));
    fc.assert(
      fc.property(number, number, fc.nat(), (first, last, size) => {
        const range = parseByteRange(`bytes=${first}-${last}`, size);
        if (range.t !== 'part') return;
        assert.ok(range.from >= 0 && range.from < range.to && range.to <= size);
      }),
    );
  });

  it('is ignored when it is anything else', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        fc.pre(!/^\s*bytes=\d*-\d*\s*$/i.test(header));
        assert.deepEqual(parseByteRange(header, 10), { t: 'whole' });
      }),
    );
  });
});
