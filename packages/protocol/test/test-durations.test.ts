import assert from 'node:assert/strict';
import { bucketMs, durationBucket } from '@weir/protocol';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';

describe('the bucket of a duration', () => {
  it('is one of its own where nothing is known', () => {
    for (const ms of [null, undefined, Number.NaN, -1]) assert.equal(durationBucket(ms), 0);
    assert.equal(bucketMs(0), null);
    assert.equal(bucketMs(durationBucket(0)), 0);
  });

  it('is off by at most 15 %, rounding included, from a tenth of a millisecond to a week', () => {
    const week = 7 * 86_400_000;
    const ms = fc.double({ min: 0.101, max: week, noNaN: true });

    fc.assert(
      fc.property(ms, (exact) => {
        const read = bucketMs(durationBucket(exact)) ?? 0;
        assert.ok(read / exact < 1.15 && exact / read < 1.15, `${exact} became ${read}`);
      }),
    );
  });

  it('grows with the duration, and stays a byte', () => {
    const ms = fc.double({ min: 0, noNaN: true });

    fc.assert(
      fc.property(ms, ms, (a, b) => {
        assert.ok(durationBucket(a) <= 255);
        if (a <= b) assert.ok(durationBucket(a) <= durationBucket(b));
      }),
    );
  });
});
