import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FarmProcess } from './farm-process.ts';
import { appBuilder } from './small-farm.ts';

/**
 * Writes an opened breakage of the small farm's project into the store of a farm that does not run,
 * as the blame rules would: so a test of what follows needs no builds.
 */
export function openBreakage(farm: FarmProcess): void {
  using database = new DatabaseSync(join(farm.dir, 'farm', 'weir.sqlite'));
  const breakage = database
    .prepare(
      `insert into breakage (state, trunk, moved, title, opened_at)
       values ('open', 'lang/main', 'upstream', 'app (test)', 1) returning id`,
    )
    .get();
  const id = Number(breakage?.['id']);
  database
    .prepare(
      `insert into breakage_builder (breakage_id, builder_id, green_build_id, red_build_id,
         confirm_build_id, upstream_green, upstream_green_position, upstream_red,
         upstream_red_position, step, opened_at)
       select ?, id, 1, 2, 3, 'aaaaaaaaaa', 1, 'bbbbbbbbbb', 2, 'test', 1 from builder where name = ?`,
    )
    .run(id, appBuilder);
  database
    .prepare(
      `insert into event (at, kind, actor, subject, data_json)
       values (1, 'breakage.opened', 'engine', ?, '{}')`,
    )
    .run(`breakage/${id}`);
}
