import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { BuildsElsewhere } from '../../src/builds/elsewhere.ts';
import type { LiveBuild } from '../../src/builds/live-build.ts';
import type { LoggedEvent } from '../../src/events/reader.ts';
import { hear } from '../../src/members/hear.ts';
import type { HearContext } from '../../src/members/hear.ts';
import { Hearing } from '../../src/members/hearing.ts';
import { recordEvents } from '../../src/store/events.ts';
import {
  addBuild,
  addRequest,
  addWorker,
  projectBuilder,
  start,
  startSmallFarm,
} from '../web/small-farm.ts';
import type { SmallFarm } from '../web/small-farm.ts';

describe('what an engine hears of the others', () => {
  let farm: SmallFarm;

  beforeEach(async () => {
    farm = await startSmallFarm();
  });
  afterEach(() => farm[Symbol.asyncDispose]());

  it('takes a build from it whose worker went elsewhere, also when both are heard at once', async () => {
    const worker = await addWorker(farm, 'w1');
    const request = await addRequest(farm, projectBuilder, { upstream: 1 });
    const { build } = await addBuild(farm, request, worker);
    await farm.store.unit(async (db) => {
      await db.updateTable('worker').set({ engine: 2 }).where('id', '=', worker).execute();
      await db.updateTable('build').set({ epoch: 2 }).where('id', '=', build.id).execute();
    });
    const session = { id: worker, name: 'w1' };
    const held = new Map([[build.id, { id: build.id, epoch: 1, session } as unknown as LiveBuild]]);
    const elsewhere = new BuildsElsewhere(
      {
        get: (id) => held.get(id),
        forget: ({ id }) => void held.delete(id),
        takeAway: () => {},
      },
      1,
    );
    const context = {
      store: farm.store,
      elsewhere,
      sessions: {
        all: () => [session],
        // The link here is the old one: it ends.
        connected: async () => {
          const own = held.get(build.id);
          if (own !== undefined) own.session = undefined;
        },
      },
      cameBack: async () => {},
      endedHere: new Set(),
    } as unknown as HearContext;
    const about = { at: start, actor: 'engine', data: {} };

    await hear(context, [
      { ...about, number: 1, kind: 'worker.online', subject: 'worker/w1' },
      { ...about, number: 2, kind: 'build.attached', subject: `build/${build.id}` },
    ]);

    assert.equal(held.size, 0);
    assert.deepEqual(
      [...elsewhere.running()].map(({ workerId }) => workerId),
      [worker],
    );
  });

  it('is heard again where the store was away, and once where something else failed', async () => {
    const heard: number[][] = [];
    const ears = new EventTarget();
    const failures = [
      Object.assign(new Error('away'), { code: 'ECONNREFUSED' }),
      new Error('it can not be done'),
    ];
    const hearing = new Hearing(
      {
        store: farm.store,
        log: { info: () => {}, warn: () => {} },
        hear: async (events: readonly LoggedEvent[]) => {
          heard.push(events.map(({ number }) => number));
          ears.dispatchEvent(new Event('heard'));
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
        },
      },
      0,
    );
    const next = async (kind: string): Promise<void> => {
      const said = once(ears, 'heard');
      const event = { at: start, kind, actor: 'engine', subject: 'farm', data: {} };
      await farm.store.unit((db) => recordEvents(db, [event]));
      hearing.wake();
      await said;
      // The wake-ups of one reading are one: the next comes behind it.
      await new Promise((resolve) => setImmediate(resolve));
    };

    await next('first');
    await next('second');
    await next('third');
    await hearing.stop();

    const [first = [], ...later] = heard;
    assert.deepEqual(later, [[...first, first.length + 1], [first.length + 2]]);
  });
});
