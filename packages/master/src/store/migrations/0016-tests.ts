import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Where every test of a step is, and which build its counts are held against. */
export const tests: Migration = {
  number: 16,
  name: 'tests',
  oldestProgram: 1,
  async up(db) {
    for (const column of ['tests_names', 'tests_results']) {
      await db.schema.alterTable('step').addColumn(column, 'text').execute();
      await sql`create index ${sql.ref(`step_${column}`)} on step (${sql.ref(column)}) where ${sql.ref(column)} is not null`.execute(
        db,
      );
    }
    await db.schema.alterTable('builder').addColumn('accepted_build_id', 'integer').execute();
  },
};
