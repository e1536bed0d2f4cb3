import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** The processes of a farm that has several, and which of its engines has a worker's session. */
export const members: Migration = {
  number: 19,
  name: 'members',
  oldestProgram: 1,
  async up(db) {
    await createTable(db, 'member', {
      id: 'id',
      role: 'text',
      name: 'text',
      version: 'text',
      started_at: 'integer',
      heard_at: 'integer',
      leads: 'integer',
    });
    await db.schema.alterTable('worker').addColumn('engine', 'bigint').execute();
  },
};
