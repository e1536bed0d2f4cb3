import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** How workers prove themselves, what their owners want of them, and invitations. */
export const volunteers: Migration = {
  number: 4,
  name: 'volunteers',
  oldestProgram: 1,
  async up(db) {
    const counts = ['probation_agreed', 'probation_disagreed', 'probeable', 'absent_ms'];
    for (const column of counts) {
      await db.schema
        .alterTable('worker')
        .addColumn(column, 'bigint', (definition) => definition.notNull().defaultTo(0))
        .execute();
    }
    const times = ['probation_not_before', 'owner_paused_at', 'left_at', 'missing_at'];
    for (const column of [...times, 'refused_at']) {
      await db.schema.alterTable('worker').addColumn(column, 'bigint').execute();
    }
    for (const column of ['owner_paused_reason', 'refused_text', 'asked_from']) {
      await db.schema.alterTable('worker').addColumn(column, 'text').execute();
    }
    await createTable(db, 'invitation', {
      id: 'id',
      code_hash: 'text',
      worker: 'text?',
      owner: 'text?',
      labels_json: 'text',
      trust: 'text',
      reason: 'text',
      made_by: 'text',
      made_at: 'integer',
      expires_at: 'integer',
      used_at: 'integer?',
      used_by: 'text?',
      revoked_at: 'integer?',
    });
    await sql`create unique index invitation_code on invitation (code_hash)`.execute(db);
  },
};
