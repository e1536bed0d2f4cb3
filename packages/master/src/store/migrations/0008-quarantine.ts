import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** What is held against a worker whose builds infrastructure ends, and how long it rests for that. */
export const quarantine: Migration = {
  number: 8,
  name: 'quarantine',
  oldestProgram: 1,
  async up(db) {
    await db.schema
      .alterTable('worker')
      .addColumn('strikes', 'integer', (definition) => definition.notNull().defaultTo(0))
      .execute();
    for (const column of ['struck_at', 'quarantined_at', 'quarantined_until'] as const) {
      await db.schema.alterTable('worker').addColumn(column, 'bigint').execute();
    }
    for (const column of ['struck_family', 'quarantine_reason'] as const) {
      await db.schema.alterTable('worker').addColumn(column, 'text').execute();
    }
    await sql`create index worker_quarantined on worker (id) where quarantined_until is not null`.execute(
      db,
    );
  },
};
