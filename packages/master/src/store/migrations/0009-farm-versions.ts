import type { Migration } from '../migrate.ts';

/** Why a farm file was applied, where it came from, and what it changed. */
export const farmVersions: Migration = {
  number: 9,
  name: 'farm-versions',
  oldestProgram: 1,
  async up(db) {
    for (const column of ['included_json', 'reason', 'source_json', 'summary_json']) {
      await db.schema.alterTable('farm_version').addColumn(column, 'text').execute();
    }
  },
};
