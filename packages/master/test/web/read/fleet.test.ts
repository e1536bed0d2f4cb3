import assert from 'node:assert/strict';
import type { ApiBuilder, ApiFarm } from '@weir/protocol';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { validatedFetch } from '../../../../../test/support/api.ts';
import { setOffline } from '../../../src/store/presence.ts';
import { addWorker, start, startSmallFarm } from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

describe('the workers of a farm, counted', () => {
  let farm: SmallFarm;

  beforeEach(async () => {
    farm = await startSmallFarm();
  });
  afterEach(() => farm[Symbol.asyncDispose]());

  async function get<T>(path: string): Promise<T> {
    return (await (await validatedFetch(farm.url + path)).json()) as T;
  }

  it('tells those that are there from those that are away or not accepted', async () => {
    await addWorker(farm, 'a', { slots: 2 });
    await addWorker(farm, 'b', { slots: 3 });
    const away = await addWorker(farm, 'c', { slots: 4 });
    await addWorker(farm, 'd', { pending: true });
    await farm.store.unit((db) => setOffline(db, away, { at: start }));

    const { workers, workersOnline, slots } = await get<ApiFarm>('/api/v1/farm');

    assert.deepEqual({ workers, workersOnline, slots }, { workers: 3, workersOnline: 2, slots: 5 });
  });

  it('counts those that a builder fits, whatever else they are', async () => {
    await addWorker(farm, 'a', { labels: ['linux', 'x64'] });
    await addWorker(farm, 'b', { labels: ['linux', 'x64'] });
    await addWorker(farm, 'c', { labels: ['linux', 'x64', 'big'] });
    await addWorker(farm, 'd', { labels: ['macos', 'x64'] });

    const { items } = await get<{ items: ApiBuilder[] }>('/api/v1/builders');

    const linux = items.filter(({ platform }) => platform === 'linux');
    assert.ok(linux.length > 0);
    assert.deepEqual(new Set(linux.map(({ workersOnline }) => workersOnline)), new Set([3]));
  });

  const off = 'The sandbox is off on';
  const cases: [without: string[], warnings: string[]][] = [
    [[], []],
    [['a'], [`${off} worker a: its builds can do what its user can.`]],
    [['a', 'b'], [`${off} the workers a, b: their builds can do what their users can.`]],
    [
      ['a', 'b', 'c', 'd', 'e'],
      [`${off} the workers a, b, c and more: their builds can do what their users can.`],
    ],
  ];
  for (const [without, warnings] of cases) {
    it(`warns once of ${without.length} without a sandbox`, async () => {
      for (const name of without) await addWorker(farm, name, { sandbox: 'none' });
      await addWorker(farm, 'z');

      assert.deepEqual((await get<ApiFarm>('/api/v1/farm')).warnings, warnings);
    });
  }
});
