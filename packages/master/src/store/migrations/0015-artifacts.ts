import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** Runtimes that are built once and run by all. */
export const artifacts: Migration = {
  number: 15,
  name: 'artifacts',
  oldestProgram: 1,
  async up(db) {
    await createTable(db, 'artifact', {
      id: 'id',
      sha256: 'text',
      bytes: 'integer',
      unpacked_bytes: 'integer',
      files: 'integer',
      builder_id: 'integer',
      commit_hash: 'text',
      position: 'integer',
      build_id: 'integer',
      worker_id: 'integer',
      trust: 'text',
      made_at: 'integer',
      dropped_at: 'integer?',
    });
    await sql`create unique index artifact_build on artifact (build_id)`.execute(db);
    await sql`create index artifact_sha256 on artifact (sha256)`.execute(db);
    await sql`create index artifact_live on artifact (builder_id, commit_hash) where dropped_at is null`.execute(
      db,
    );
    await db.schema.alterTable('build').addColumn('runtime_sha256', 'text').execute();
    await db.schema
      .alterTable('worker')
      .addColumn('has_artifacts', 'integer', (definition) => definition.notNull().defaultTo(0))
      .execute();
  },
};
