import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** Breakages, what blame needs of a builder's past, and the cursors of the event log's readers. */
export const breakages: Migration = {
  number: 2,
  name: 'breakages',
  oldestProgram: 1,
  async up(db) {
    await createTable(db, 'reader', { name: 'text', cursor: 'integer' });
    await sql`create unique index reader_name on reader (name)`.execute(db);
    await addColumns();
    await createTable(db, 'suspicion', {
      builder_id: 'integer',
      green_build_id: 'integer',
      red_build_id: 'integer',
    });
    await sql`create unique index suspicion_builder on suspicion (builder_id)`.execute(db);
    await createTable(db, 'breakage', {
      id: 'id',
      state: 'text',
      trunk: 'text',
      project: 'text?',
      moved: 'text',
      title: 'text',
      opened_at: 'integer',
      closed_at: 'integer?',
      told_at: 'integer?',
      acknowledged_by: 'text?',
      acknowledged_at: 'integer?',
      acknowledged_until: 'integer?',
      acknowledged_reason: 'text?',
    });
    await sql`create index breakage_open on breakage (id) where state = 'open'`.execute(db);
    await createTable(db, 'breakage_builder', {
      breakage_id: 'integer',
      builder_id: 'integer',
      green_build_id: 'integer',
      red_build_id: 'integer',
      confirm_build_id: 'integer',
      upstream_green: 'text',
      upstream_green_position: 'integer',
      upstream_red: 'text',
      upstream_red_position: 'integer',
      project_green: 'text?',
      project_green_position: 'integer?',
      project_red: 'text?',
      project_red_position: 'integer?',
      step: 'text?',
      finding: 'text?',
      opened_at: 'integer',
      closed_at: 'integer?',
      fixed_build_id: 'integer?',
    });
    await sql`create unique index breakage_builder_key on breakage_builder (breakage_id, builder_id)`.execute(
      db,
    );
    await sql`create index breakage_builder_open on breakage_builder (builder_id) where closed_at is null`.execute(
      db,
    );

    async function addColumns(): Promise<void> {
      for (const column of ['green_build_id', 'red_build_id', 'usual_ms']) {
        await db.schema.alterTable('builder').addColumn(column, 'bigint').execute();
      }
      await db.schema.alterTable('build').addColumn('verdict_before', 'text').execute();
      await db.schema.alterTable('request').addColumn('again_of', 'bigint').execute();
    }
  },
};
