import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { closeMember } from '../../../src/store/breakages.ts';
import { builderByName } from '../../../src/store/builders.ts';
import { readBreakage } from '../../../src/web/read/breakages.ts';
import { NotifyFarm } from '../../notify/notify-farm.ts';

describe('a breakage', () => {
  it('is of the trunks on which it shows, and in the end of all on which it did', async () => {
    await using farm = await NotifyFarm.start('{gather: 0s}');
    const [onNext, onMain] = ['lua/next/yaml/here', 'lua/main/yaml/here'];
    const id = await farm.breaks(onNext, { moved: 'project' });
    const trunks = async (): Promise<readonly string[] | undefined> =>
      (await readBreakage(farm.store.read, id))?.trunks;
    assert.deepEqual(await trunks(), ['lua/next']);

    await farm.breaks(onMain, { moved: 'project', joins: id });
    assert.deepEqual(await trunks(), ['lua/main', 'lua/next']);

    const gone = await builderByName(farm.store.read, onMain);
    await farm.store.unit(async (db) => {
      const member = await db
        .selectFrom('breakage_builder')
        .selectAll()
        .where('builder_id', '=', gone?.id ?? 0)
        .executeTakeFirstOrThrow();
      await closeMember(db, member, { build: null, at: 1 });
    });
    const left = await readBreakage(farm.store.read, id);
    assert.deepEqual([left?.trunk, left?.trunks], ['lua/next', ['lua/next']]);

    await farm.mends(id);
    assert.deepEqual(await trunks(), ['lua/main', 'lua/next']);
  });
});
