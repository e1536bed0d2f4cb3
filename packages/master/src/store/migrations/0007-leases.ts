import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Builds that outlive a link, an agent or a master: how long they are out of reach, and what came too late. */
export const leases: Migration = {
  number: 7,
  name: 'leases',
  oldestProgram: 1,
  async up(db) {
    await db.schema.alterTable('build').addColumn('detached_at', 'bigint').execute();
    await db.schema
      .alterTable('build')
      .addColumn('detached_ms', 'bigint', (definition) => definition.notNull().defaultTo(0))
      .execute();
    for (const column of ['trial', 'late_json']) {
      await db.schema.alterTable('build').addColumn(column, 'text').execute();
    }
    await sql`create index build_detached on build (id) where state = 'detached'`.execute(db);
  },
};
