import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** What readers of the event log passed over, and a way to the logs that can still be dropped. */
export const upkeep: Migration = {
  number: 12,
  name: 'upkeep',
  oldestProgram: 1,
  async up(db) {
    await db.schema
      .alterTable('reader')
      .addColumn('passed_over', 'bigint', (definition) => definition.notNull().defaultTo(0))
      .execute();
    for (const column of ['passed_event', 'passed_at'] as const) {
      await db.schema.alterTable('reader').addColumn(column, 'bigint').execute();
    }
    await sql`create index log_held on log (id) where dropped_at is null`.execute(db);
  },
};
