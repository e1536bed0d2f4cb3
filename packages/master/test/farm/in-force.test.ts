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
import { filesOf } from '../../src/farm/farm-files.ts';
import type { FarmOptions } from '../../src/farm/farm-source.ts';
import { FarmInForce } from '../../src/farm/in-force.ts';
import type { Applied } from '../../src/farm/in-force.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import { activeBuilders } from '../../src/store/builders.ts';
import { insertFarmVersion } from '../../src/store/farm-versions.ts';
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

  describe('and others put files in force, too', () => {
    const options = (): FarmOptions => ({ remotes: new Map(), base: '/' });
    const text = (...projects: string[]): string =>
      `farm: Test
platforms: { here: [linux] }
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: { main: {} }
    steps: [build: make]
projects:
${projects.map((name) => `  ${name}: { trunks: [lua/main], steps: [test: make] }\n`).join('')}`;

    async function put(inForce: FarmInForce, file: string, against?: number): Promise<Applied> {
      const reading = readFarmText(file, 'farm.yaml');
      assert.ok(reading.ok);
      const about = { by: 'test', reason: null, source: { kind: 'file' }, against } as const;
      return inForce.apply(reading.farm, { ...about, files: filesOf(reading.texts) }, 1);
    }

    function names(inForce: FarmInForce): string[] {
      return [...inForce.builders().values()].map(({ name }) => name);
    }

    it('is taken over, and planned against', async () => {
      await using store = await emptyStore();
      const [one, two] = [1, 2].map(() => new FarmInForce(store, null, options));
      assert.ok(one && two);
      await put(one, text('json'));
      await put(two, text('json', 'xml'));

      assert.deepEqual(names(one), ['lua/main/here', 'lua/main/json/here']);
      assert.equal(await one.catchUp(), true);
      assert.equal(await one.catchUp(), false);

      assert.equal(one.version, 2);
      assert.ok(names(one).includes('lua/main/xml/here'));
      const { plan } = await put(two, text('xml'));
      const removed = plan.builders.filter(({ action }) => action === 'removed');
      assert.deepEqual(
        removed.map(({ name }) => name),
        ['lua/main/json/here'],
      );
    });

    it('is written after theirs when they are first', async () => {
      await using store = await emptyStore();
      const [one, two] = [1, 2].map(() => new FarmInForce(store, null, options));
      assert.ok(one && two);

      const applied = await Promise.all([put(one, text('json')), put(two, text('xml'))]);

      assert.deepEqual(
        applied.map(({ version }) => version),
        [1, 2],
      );
      // The second was planned against the first, though neither knew of the other.
      assert.ok(applied[1]?.plan.builders.some(({ action }) => action === 'removed'));
      await assert.rejects(put(one, text('xml', 'json'), 1), /version 2, applied by test, is in/);
    });

    it('is the last of many that come at once, in all processes', async () => {
      await using store = await emptyStore();
      const all = [1, 2, 3].map(() => new FarmInForce(store, null, options));
      const files = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => text(name));

      await Promise.all(
        files.flatMap((file, nth) => {
          const inForce = all[nth % all.length];
          return inForce === undefined ? [] : [put(inForce, file), inForce.catchUp()];
        }),
      );
      for (const inForce of all) await inForce.catchUp();

      assert.equal(new Set(all.map((inForce) => names(inForce).join())).size, 1);
      assert.deepEqual(
        all.map(({ version }) => version),
        [6, 6, 6],
      );
    });

    it('is none that this program can read: the one before is gone by', async () => {
      await using store = await emptyStore();
      const inForce = new FarmInForce(store, null, options);
      await put(inForce, text('json'));
      await store.unit((db) =>
        insertFarmVersion(db, {
          files: { path: 'farm.yaml', text: 'farm: [', included: [] },
          by: 'a newer program',
          at: 2,
          reason: null,
          source: { kind: 'sent' },
          summary: null,
        }),
      );

      await assert.rejects(inForce.catchUp(), { name: 'FarmFileErrors' });

      assert.equal(await inForce.catchUp(), false);
      assert.ok(names(inForce).includes('lua/main/json/here'));
      assert.equal((await put(inForce, text('xml'))).version, 3);
    });
  });
});
