import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import type { Queue } from '../../packages/master/src/queue/queue.ts';
import { startAnyRedis } from '../support/servers.ts';
import type { AnyRedis } from '../support/servers.ts';
import { Engines, idsOf, soon, waits } from './engines.ts';

for (const driver of ['embedded', 'shared'] as const) {
  describe(`the ${driver} queue`, () => {
    let redis: AnyRedis | undefined;
    let engines: Engines;
    let queue: Queue;
    let farms = 0;

    before(async function () {
      if (driver === 'embedded') return;
      redis = await startAnyRedis(this, { inContainer: true });
    });
    after(async () => {
      await redis?.[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      engines = new Engines();
      queue = await engines.open(redis?.url ?? null, `{weir-${++farms}}`);
      if (redis !== undefined) await soon(() => engines.log.length > 0);
    });
    afterEach(async () => {
      await engines[Symbol.asyncDispose]();
    });

    it('gives the most urgent of each pool, then those added first', () => {
      engines.ask(queue, waits(1, 'a', 7), waits(2, 'a', 3), waits(3, 'b', 9), waits(4, 'a', 3));

      assert.deepEqual(idsOf(queue, ['a', 'b'], 3), [2, 4, 1, 3]);
      assert.deepEqual(idsOf(queue, ['a', 'b'], 1), [2, 3]);
      assert.deepEqual(idsOf(queue, ['c']), []);
    });

    it('holds a request once, where it was added last', () => {
      engines.ask(queue, waits(1, 'a', 1), waits(2, 'a', 2), waits(1, 'b', 3));

      assert.deepEqual(idsOf(queue, ['a', 'b']), [2, 1]);
    });

    it('forgets what is removed, and pools without any', () => {
      engines.ask(queue, waits(1, 'a', 1), waits(2, 'b', 1));
      queue.remove(1);
      queue.remove(99);

      assert.deepEqual(queue.pools(), ['b']);
      assert.deepEqual(idsOf(queue, ['a', 'b']), [2]);
    });

    it('says what the store says after it was told', () => {
      engines.ask(queue, waits(1, 'a', 1), waits(2, 'a', 1));
      engines.store.delete(1);
      engines.store.set(3, waits(3, 'a', 0));

      queue.reconcile([...engines.store.values()]);

      assert.deepEqual(idsOf(queue, ['a']), [3, 2]);
    });

    it('knows at once what it was told, over ten thousand times', () => {
      for (let id = 1; id <= 10_000; id++) engines.ask(queue, waits(id, `p${id % 7}`, id % 13));
      for (let id = 1; id <= 10_000; id += 2) engines.claim(queue, id);

      assert.equal(idsOf(queue, queue.pools(), 10_000).length, 5_000);
    });
  });
}
