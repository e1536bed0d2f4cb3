import { join } from 'node:path';
import { sql } from 'kysely';
import { recordEvents } from '../../packages/master/src/store/events.ts';
import type { FarmProcess } from './farm-process.ts';
import { appBuilder } from './small-farm.ts';
import { openTestStore } from './test-store.ts';

/**
 * Writes an opened breakage of the small farm's project into the store of a farm that does not run,
 * as the blame rules would: so a test of what follows needs no builds.
 */
export async function openBreakage(farm: FarmProcess): Promise<void> {
  await using store = await openTestStore(join(farm.dir, 'farm', 'weir.sqlite'));
  await store.unit(async (db) => {
    const { rows } = await sql<{ id: number }>`
      insert into breakage (state, trunk, moved, title, opened_at)
      values ('open', 'lang/main', 'upstream', 'app (test)', 1) returning id`.execute(db);
    const id = rows[0]?.id ?? 0;
    await sql`
      insert into breakage_builder (breakage_id, builder_id, green_build_id, red_build_id,
        confirm_build_id, upstream_green, upstream_green_position, upstream_red,
        upstream_red_position, step, opened_at)
      select ${sql.lit(id)}, id, 1, 2, 3, 'aaaaaaaaaa', 1, 'bbbbbbbbbb', 2, 'test', 1
      from builder where name = ${appBuilder}`.execute(db);
    const subject = `breakage/${id}`;
    await recordEvents(db, [
      { at: 1, kind: 'breakage.opened', actor: 'engine', subject, data: {} },
    ]);
  });
}
