import type { Migration } from '../migrate.ts';

/** What the test suite of a step said. */
export const reports: Migration = {
  number: 14,
  name: 'reports',
  oldestProgram: 1,
  async up(db) {
    await db.schema.alterTable('step').addColumn('report_json', 'text').execute();
  },
};
