import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Heap } from '../../src/match/heap.ts';

describe('Heap', () => {
  it('gives its items in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (items) => {
        const heap = new Heap<number>((a, b) => a - b);
        for (const item of items) heap.push(item);
        const popped = items.map(() => heap.pop());

        assert.deepEqual(
          popped,
          items.toSorted((a, b) => a - b),
        );
        assert.equal(heap.pop(), undefined);
      }),
    );
  });
});
