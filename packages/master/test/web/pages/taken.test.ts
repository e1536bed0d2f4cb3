import assert from 'node:assert/strict';
import { requestSchema, workerSchema } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { loseBuild } from '../../../src/builds/lose-build.ts';
import { setQuarantine } from '../../../src/store/quarantine.ts';
import {
  addBuild,
  addChange,
  addRequest,
  addWorker,
  endBuild,
  runtimeBuilder,
  startSmallFarm,
} from '../small-farm.ts';
import type { SmallFarm } from '../small-farm.ts';

describe('what infrastructure took', () => {
  let farm: SmallFarm;
  let worker: number;
  const hour = 3_600_000;

  before(async () => {
    farm = await startSmallFarm();
    await addChange(farm, 'lua/master');
    worker = await addWorker(farm, 'w1');
    const request = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    const { build } = await addBuild(farm, request, worker);
    await farm.store.unit((db) =>
      loseBuild(db, build, { text: 'no disk', maxAttempts: 3, isMeant: false, at: Date.now() }),
    );
    await endBuild(farm, (await addBuild(farm, request, worker)).build);
    const given = await addRequest(farm, runtimeBuilder, { upstream: 1 });
    const { build: last } = await addBuild(farm, given, worker);
    await farm.store.unit((db) =>
      loseBuild(db, last, { text: 'no power', maxAttempts: 1, isMeant: false, at: Date.now() }),
    );
  });
  after(() => farm?.[Symbol.asyncDispose]());

  /** A page without tags, with one space between words. */
  async function words(path: string): Promise<string> {
    const response = await fetch(farm.url + path, { headers: { accept: 'text/html' } });
    assert.equal(response.status, 200);
    return (await response.text()).replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  }

  function quarantine(until: number | null, reason: string): Promise<unknown> {
    return farm.store.unit(async (db) => {
      const at = Date.now();
      await setQuarantine(db, worker, { at, until: until ?? at, reason });
      await db.updateTable('worker').set({ quarantined_until: until, strikes: 9 }).execute();
    });
  }

  it('stands on the page of its request, with the reason of each try', async () => {
    assert.match(
      await words('/requests/1'),
      /Infrastructure took 1 of at most 3 tries\. .* #1 \? lost on w1 : no disk/,
    );
    assert.match(await words('/requests/2'), /1 of at most 3 tries: it is given up\. .*: no power/);
  });

  it('stands on the page of the build that came of it', async () => {
    assert.match(
      await words('/builds/2'),
      /Infrastructure took 1 other try at its request\. .* #1 \? lost on w1 : no disk/,
    );
    assert.doesNotMatch(await words('/builds/1'), /Infrastructure took/);
  });

  it("is counted on its builder's page, and is no red", async () => {
    const text = await words(`/builders/${runtimeBuilder}`);

    assert.match(text, /^.*green .*Infrastructure took 2 of 3 builds here/);
  });

  it('can be read by programs', async () => {
    const response = await fetch(`${farm.url}/api/v1/requests/2`);

    const { attempts, taken, result } = requestSchema.parse(await response.json());

    assert.deepEqual([attempts, result], [1, 'lost']);
    assert.deepEqual(taken, [
      { build: 3, number: 3, worker: 'w1', result: 'lost', text: 'no power' },
    ]);
  });

  it('quarantines a worker, which its page and the list of workers explain', async () => {
    await quarantine(Date.now() + hour, '9 times, last for want of <git>');

    const text = await words('/workers/w1');
    assert.match(
      text,
      /quarantined .*Quarantined just now : it takes builds again in 1 h \. 9 times, last for want of &lt;git&gt;/,
    );
    assert.match(text, /no builds for 10 s, then twice as long each time, 1 h at most/);
    assert.match(await words('/workers'), /w1 quarantined takes builds again in 1 h/);
    const response = await fetch(`${farm.url}/api/v1/workers/w1`);
    assert.equal(workerSchema.parse(await response.json()).quarantine?.strikes, 9);
  });

  it('lets a worker that was quarantined show that it can build', async () => {
    await quarantine(null, '9 times');

    const text = await words('/workers/w1');

    assert.match(text, /w1 online .*It was quarantined just now , and is tried again\. 9 times/);
  });
});
