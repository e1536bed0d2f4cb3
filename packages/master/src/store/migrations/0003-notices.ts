import { sql } from 'kysely';
import { createTable } from '../create-table.ts';
import type { Migration } from '../migrate.ts';

/** Who follows what, the notices, and each notice's way to each who is told. */
export const notices: Migration = {
  number: 3,
  name: 'notices',
  oldestProgram: 1,
  async up(db) {
    await createTable(db, 'subscription', {
      id: 'id',
      channel: 'text',
      address: 'text',
      scope: 'text',
      source: 'text',
      state: 'text',
      asked_at: 'integer',
    });
    await sql`create unique index subscription_key on subscription (scope, channel, address, source)`.execute(
      db,
    );
    await sql`create index subscription_asked on subscription (asked_at) where state = 'asked'`.execute(
      db,
    );
    await createTable(db, 'notice', {
      id: 'id',
      kind: 'text',
      about: 'text',
      state: 'text',
      created_at: 'integer',
      told_at: 'integer?',
      headline: 'text?',
      facts_json: 'text?',
    });
    await sql`create index notice_about on notice (about, id)`.execute(db);
    await sql`create index notice_gathering on notice (id) where state = 'gathering'`.execute(db);
    await createTable(db, 'delivery', {
      id: 'id',
      notice_id: 'integer',
      channel: 'text',
      address: 'text',
      subscriptions_json: 'text',
      message_id: 'text',
      answers_message_id: 'text?',
      state: 'text',
      tries: 'integer',
      not_before: 'integer',
      error: 'text?',
      created_at: 'integer',
      ended_at: 'integer?',
    });
    await sql`create index delivery_notice on delivery (notice_id)`.execute(db);
    await sql`create index delivery_waiting on delivery (not_before) where state = 'waiting'`.execute(
      db,
    );
    await sql`create index delivery_state on delivery (state, id)`.execute(db);
  },
};
