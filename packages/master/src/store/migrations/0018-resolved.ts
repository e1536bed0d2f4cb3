import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** What the dependencies of a build came to. */
export const resolved: Migration = {
  number: 18,
  name: 'resolved',
  oldestProgram: 1,
  async up(db) {
    await createTable(db, 'resolved', {
      build_id: 'integer',
      step: 'integer',
      position: 'integer',
      path: 'text',
      sha256: 'text?',
      bytes: 'integer?',
      text: 'text',
      dropped_at: 'integer?',
    });
    await sql`create unique index resolved_key on resolved (build_id, step, position)`.execute(db);
    await sql`create index resolved_sha256 on resolved (sha256) where dropped_at is null`.execute(
      db,
    );
  },
};
