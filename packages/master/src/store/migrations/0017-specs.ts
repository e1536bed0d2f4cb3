import type { Migration } from '../migrate.ts';

/** What the worker of a build was told. */
export const specs: Migration = {
  number: 17,
  name: 'specs',
  oldestProgram: 1,
  async up(db) {
    await db.schema.alterTable('build').addColumn('spec_json', 'text').execute();
  },
};
