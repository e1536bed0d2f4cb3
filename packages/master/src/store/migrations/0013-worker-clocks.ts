import type { Migration } from '../migrate.ts';

/** How far the clock of each worker is ahead of the farm's. */
export const workerClocks: Migration = {
  number: 13,
  name: 'worker-clocks',
  oldestProgram: 1,
  async up(db) {
    await db.schema
      .alterTable('worker')
      .addColumn('clock_skew_ms', 'bigint', (definition) => definition.notNull().defaultTo(0))
      .execute();
  },
};
