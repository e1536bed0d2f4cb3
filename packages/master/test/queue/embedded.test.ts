import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EmbeddedQueue } from '../../src/queue/embedded.ts';
import { requestRow } from '../support/request-row.ts';

function queueOf(...waits: [id: number, pool: string, urgency: number][]): EmbeddedQueue {
  const queue = new EmbeddedQueue();
  for (const [id, pool, urgency] of waits) {
    queue.add({ request: requestRow({ id }), pool, urgency });
  }
  return queue;
}

const ids = (queue: EmbeddedQueue, pools: string[], n: number): number[] =>
  queue.candidates(pools, n).map(({ request }) => request.id);

describe('the embedded queue', () => {
  it('gives the most urgent of each pool, then those added first', () => {
    const queue = queueOf([1, 'a', 7], [2, 'a', 3], [3, 'b', 9], [4, 'a', 3]);

    assert.deepEqual(ids(queue, ['a', 'b'], 3), [2, 4, 1, 3]);
    assert.deepEqual(ids(queue, ['a', 'b'], 1), [2, 3]);
  });

  it('holds a request once, where it was added last', () => {
    const queue = queueOf([1, 'a', 1], [2, 'a', 2], [1, 'b', 3]);

    assert.deepEqual(ids(queue, ['a', 'b'], 9), [2, 1]);
    assert.deepEqual(queue.ids(), [2, 1]);
  });

  it('forgets what is removed, and pools without any', () => {
    const queue = queueOf([1, 'a', 1], [2, 'b', 1]);
    queue.remove(1);
    queue.remove(99);

    assert.deepEqual(queue.pools(), ['b']);
    assert.deepEqual(ids(queue, ['a', 'b'], 9), [2]);
  });
});
