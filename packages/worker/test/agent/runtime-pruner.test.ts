import assert from 'node:assert/strict';
import type { RuntimeKey } from '@weir/protocol';
import { describe, it } from 'mocha';
import { RuntimePruner } from '../../src/agent/runtime-pruner.ts';

const old: RuntimeKey = {
  upstream: 'lang',
  trunk: 'main',
  platform: 'here',
  commit: '1'.repeat(40),
};

describe('the runtimes that are old', () => {
  it('are dropped once for all builds that end together, and the farm is told', async () => {
    let looks = 0;
    const told = Promise.withResolvers<RuntimeKey>();
    using pruner = new RuntimePruner({
      runtimes: {
        prune(maxBytes) {
          looks += 1;
          return maxBytes === 5 ? [old] : [];
        },
      },
      maxBytes: 5,
      tell: () => told.resolve,
      say: (text) => told.reject(new Error(text)),
    });

    for (let builds = 0; builds < 3; builds++) pruner.soon();

    assert.deepEqual(await told.promise, old);
    assert.equal(looks, 1);
  });

  it('stay while the farm can not be told', async () => {
    let looks = 0;
    const asked = Promise.withResolvers<void>();
    using pruner = new RuntimePruner({
      runtimes: {
        prune() {
          looks += 1;
          return [];
        },
      },
      maxBytes: 5,
      tell() {
        asked.resolve();
        return null;
      },
      say: () => {},
    });

    pruner.soon();
    await asked.promise;

    assert.equal(looks, 0);
  });

  it('that can not be read are said, and end nothing', async () => {
    const said = Promise.withResolvers<string>();
    using pruner = new RuntimePruner({
      runtimes: {
        prune() {
          throw new Error('EIO');
        },
      },
      maxBytes: 5,
      tell: () => () => {},
      say: said.resolve,
    });

    pruner.soon();

    assert.match(await said.promise, /EIO/);
  });
});
