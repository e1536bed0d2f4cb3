import type { Migration } from '../migrate.ts';

/** When what a step printed was dropped, as it was older than the farm keeps logs. */
export const retention: Migration = {
  number: 10,
  name: 'retention',
  oldestProgram: 1,
  async up(db) {
    await db.schema.alterTable('log').addColumn('dropped_at', 'bigint').execute();
  },
};
