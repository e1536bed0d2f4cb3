import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** When each schedule was due last. */
export const schedules: Migration = {
  number: 5,
  name: 'schedules',
  oldestProgram: 1,
  async up(db) {
    await createTable(db, 'recurrence', { owner: 'text', name: 'text', last_at: 'integer' });
    await sql`create unique index recurrence_key on recurrence (owner, name)`.execute(db);
  },
};
