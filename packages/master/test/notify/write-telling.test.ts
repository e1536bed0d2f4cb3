import assert from 'node:assert/strict';
import type { NoticeContent } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { writeTelling } from '../../src/notify/write-telling.ts';
import { gatheringNotices } from '../../src/store/notices.ts';
import { NotifyFarm } from './notify-farm.ts';

describe('what a notice says', () => {
  let farm: NotifyFarm;
  let breakage: number;
  beforeEach(async () => {
    farm = await NotifyFarm.start('{gather: 10m}');
    breakage = await farm.breaks('lua/main/json/here');
    await farm.notices({ 'breakage-opened': 'gathering' });
  });
  afterEach(() => farm[Symbol.asyncDispose]());

  /** Writes what was read when so many builders showed the breakage. */
  async function isWritten(builders: number): Promise<boolean> {
    const [notice] = await gatheringNotices(farm.store.read);
    assert.ok(notice);
    const facts = { id: breakage, builders };
    const content = { kind: 'breakage-opened', facts } as NoticeContent;
    const telling = { content, headline: 'json is broken', addressees: [] };
    return farm.store.unit((db) => writeTelling(db, notice, telling, { host: 'weir.test', at: 1 }));
  }

  it('is written when nothing was added since it was read', async () => {
    assert.equal(await isWritten(1), true);
    await farm.notices({ 'breakage-opened': 'told' });
  });

  it('is not written when a builder came since: nobody would hear of that one', async () => {
    await farm.breaks('lua/main/yaml/here', { joins: breakage });

    assert.equal(await isWritten(1), false);
    await farm.notices({ 'breakage-opened': 'gathering' });
    assert.deepEqual(await farm.store.read.selectFrom('delivery').selectAll().execute(), []);
  });
});
