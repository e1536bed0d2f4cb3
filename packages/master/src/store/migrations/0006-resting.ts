import type { Migration } from '../migrate.ts';

/** Why a worker takes no builds for a while, in its own words. */
export const resting: Migration = {
  number: 6,
  name: 'resting',
  oldestProgram: 1,
  async up(db) {
    await db.schema.alterTable('worker').addColumn('resting', 'text').execute();
  },
};
