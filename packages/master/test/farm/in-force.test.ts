import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildersOf, planOf } from '@weir/model';
import type { Farm } from '@weir/model';
import fc from 'fast-check';
import { after, before, describe, it } from 'mocha';
import { openTestStore } from '../../../../test/support/test-store.ts';
import { anyFarm, smallFarm } from '../../../model/test/support/farms.ts';
import { FarmInForce } from '../../src/farm/in-force.ts';
import type { Applied } from '../../src/farm/in-force.ts';
import { activeBuilders } from '../../src/store/builders.ts';
import { insertRequest, requestById, waitingRequests } from '../../src/store/requests.ts';
import type { Store } from '../../src/store/store.ts';
import { underWayByBuilder } from '../../src/store/under-way.ts';
import { newRequest } from '../support/request-row.ts';

describe('a farm file in force', () => {
  let dir: string;
  let count = 0;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-in-force-'));
  });
  after(() => rmSync(dir, { recursive: true }));

  const emptyStore = (): Promise<Store> => openTestStore(join(dir, `${count++}.sqlite`));

  function apply(
    inForce: FarmInForce,
    farm: Farm,
    text: string,
    against?: number,
  ): Promise<Applied> {
    const files = { path: 'farm.yaml', text, included: [] };
    const version = { files, by: 'test', reason: null, source: { kind: 'sent' }, against } as const;
    return inForce.apply(farm, version, 1);
  }

  /** The builders of the farm in the order of its file, as the store has them. */
  async function builders(store: Store): Promise<unknown[]> {
    const rows = await activeBuilders(store.read);
    return rows.map(({ id, name, kind, tier, place }) => ({ id, name, kind, tier, place }));
  }

  async function askForEach(store: Store): Promise<Map<number, string>> {
    const asked = new Map<number, string>();
    for (const { id, name } of await activeBuilders(store.read)) {
      const request = await store.unit((db) => insertRequest(db, { ...newRequest, builderId: id }));
      asked.set(request.id, name);
    }
    return asked;
  }

  it('becomes what the plan says, and is what it was after a roll-back', async () => {
    await fc.assert(
      fc.asyncProperty(anyFarm, anyFarm, async (a, b) => {
        await using store = await emptyStore();
        const inForce = new FarmInForce(store, null);
        await apply(inForce, a, 'a');
        const [first, asked] = [await builders(store), await askForEach(store)];
        const names = new Set(asked.values());

        const told = planOf(a, b, await underWayByBuilder(store.read));
        const { plan } = await apply(inForce, b, 'b');

        assert.deepEqual(plan, told);
        for (const { name, action } of plan.builders) {
          if (action === 'added') names.add(name);
          if (action === 'removed') names.delete(name);
        }
        assert.deepEqual(
          new Set((await activeBuilders(store.read)).map(({ name }) => name)),
          names,
        );
        const fates = new Map(plan.builders.map(({ name, fate }) => [name, fate]));
        for (const [id, name] of asked) {
          const request = await requestById(store.read, id);
          const state = fates.get(name) === 'cancelled' ? 'cancelled' : 'waiting';
          assert.equal(request?.state, state, name);
        }
        assert.equal(
          plan.requests.cancelled,
          asked.size - (await waitingRequests(store.read)).length,
        );
        const back = await apply(inForce, a, 'a');
        assert.equal(back.version, 3);
        assert.deepEqual(await builders(store), first);
        assert.equal(inForce.version, 3);
      }),
      { numRuns: 25 },
    );
  });

  it('is one of two that were planned against the same version', async () => {
    await using store = await emptyStore();
    const inForce = new FarmInForce(store, null);
    const farm = smallFarm();
    const without: Farm = { ...farm, projects: new Map() };
    await apply(inForce, farm, 'first');

    const [one, two] = await Promise.allSettled([
      apply(inForce, without, 'one', 1),
      apply(inForce, farm, 'two', 1),
    ]);

    assert.equal(one.status, 'fulfilled');
    assert.ok(two.status === 'rejected');
    assert.match(String(two.reason), /version 2, applied by test, is in force, not version 1/);
    assert.equal(inForce.farm(), without);
    assert.equal(inForce.builders().size, buildersOf(without).length);
  });

  it('is the last of those that come at once', async () => {
    await using store = await emptyStore();
    const inForce = new FarmInForce(store, null);
    const farm = smallFarm();
    const without: Farm = { ...farm, projects: new Map() };

    await Promise.all([apply(inForce, farm, '1'), apply(inForce, without, '2')]);

    assert.equal(inForce.farm(), without);
    assert.equal(inForce.builders().size, buildersOf(without).length);
  });
});
