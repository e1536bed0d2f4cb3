import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LiveBuild } from '../../src/builds/live-build.ts';
import { reattachBuilds } from '../../src/builds/reattach.ts';
import type { ReattachContext } from '../../src/builds/reattach.ts';
import type { BuildRow } from '../../src/store/builds.ts';
import { advanceJournal, buildById } from '../../src/store/builds.ts';
import type { Store } from '../../src/store/store.ts';
import type { Hello } from '../../src/workers/link.ts';
import type { Session } from '../../src/workers/session.ts';
import {
  addBuild,
  addRequest,
  addWorker,
  projectBuilder,
  start,
  startSmallFarm,
} from '../web/small-farm.ts';
import type { SmallFarm } from '../web/small-farm.ts';

describe('a build that comes from another engine', () => {
  let farm: SmallFarm;
  let build: BuildRow;

  beforeEach(async () => {
    farm = await startSmallFarm();
    const worker = await addWorker(farm, 'w1');
    const request = await addRequest(farm, projectBuilder, { upstream: 1 });
    ({ build } = await addBuild(farm, request, worker));
  });
  afterEach(async () => {
    await farm[Symbol.asyncDispose]();
  });

  it('goes on behind what that engine wrote at the last moment', async () => {
    const held = new Map<number, LiveBuild>();
    // The other engine commits between this one's look and its take-over.
    const store: Store = {
      ...farm.store,
      read: farm.store.read,
      unit: async (unit, options) => {
        const journal = { epoch: 1, from: 0, to: 1 };
        assert.ok(await farm.store.unit((db) => advanceJournal(db, build.id, journal)));
        return farm.store.unit(unit, options);
      },
    };
    const session = { id: build.worker_id, name: 'w1', boot: 'b1' } as Session;
    const hello = { builds: [{ build: build.id, epoch: 1, entries: 2 }] } as unknown as Hello;

    const [answer] = await reattachBuilds(contextOf(store, held), session, hello);

    assert.equal(answer?.action, 'continue');
    assert.equal(answer.epoch, 2);
    assert.equal(answer.entries, 1);
    assert.equal(held.get(build.id)?.entries, 1);
    assert.equal(held.get(build.id)?.session, session);
  });

  it('is left to the engine that its worker went to while this one still looked', async () => {
    await isWith(1);
    const held = new Map<number, LiveBuild>();
    const store: Store = {
      ...farm.store,
      read: farm.store.read,
      unit: async (unit, options) => {
        await isWith(2);
        return farm.store.unit(unit, options);
      },
    };
    const session = {
      id: build.worker_id,
      name: 'w1',
      boot: 'b1',
      formerBuilds: new Set(),
    } as unknown as Session;
    const hello = { builds: [{ build: build.id, epoch: 1, entries: 2 }] } as unknown as Hello;
    const context = { ...contextOf(store, held), engine: 1 };

    const [answer] = await reattachBuilds(context, session, hello);
    // It began after the hello, with the other engine.
    const others = await reattachBuilds(context, session, { ...hello, builds: [] });

    assert.equal(answer?.action, 'abort');
    assert.deepEqual(others, []);
    const row = await buildById(farm.store.read, build.id);
    assert.deepEqual([row?.state, row?.epoch], [build.state, 1]);
  });

  function isWith(engine: number): Promise<unknown> {
    return farm.store.unit((db) =>
      db.updateTable('worker').set({ engine }).where('id', '=', build.worker_id).execute(),
    );
  }

  function contextOf(store: Store, held: Map<number, LiveBuild>): ReattachContext {
    const builds = {
      get: (id: number) => held.get(id),
      add: (added: LiveBuild) => void held.set(added.id, added),
    };
    const logs = { position: async () => 0 };
    const context = { store, builds, logs, now: () => start, log: console };
    return context as unknown as ReattachContext;
  }
});
