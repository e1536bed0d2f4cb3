import { sql } from 'kysely';
import type { Migration } from '../migrate.ts';

/** Logs of a farm whose store is on PostgreSQL; where it is a file, they are files, too. */
export const logs: Migration = {
  number: 20,
  name: 'logs',
  oldestProgram: 1,
  only: 'postgres',
  async up(db) {
    // Rows that grow are changed at every commit: the room beside them keeps that out of the indexes.
    await sql`create table log_head (
      log_id bigint primary key, day date not null, stamp text not null,
      cut_from bigint, cut_to bigint, cut_lines bigint,
      bytes bigint, ranges_json text, lines bigint, sha256 text, finished_at timestamptz,
      claimed_at timestamptz, packed_sha256 text, packed_bytes bigint, packed bytea
    ) with (fillfactor = 70)`.execute(db);
    await sql`create index log_head_unpacked on log_head (day) where packed_bytes is null`.execute(
      db,
    );
    await sql`create index log_head_to_pack on log_head (finished_at)
      where sha256 is not null and packed_bytes is null`.execute(db);
    await sql`create index log_head_object on log_head (packed_sha256) where packed_sha256 is not null`.execute(
      db,
    );
    // Compressed already. Below a sixteenth of a page, or beside the row: never packed once more.
    await sql`alter table log_head alter column packed set storage external`.execute(db);
    await sql`create table log_chunk (
      day date not null, log_id bigint not null, start bigint not null, bytes bigint not null,
      first_line bigint not null, lines bigint not null, data bytea not null,
      primary key (log_id, start, day)
    ) partition by range (day)`.execute(db);
    await sql`alter table log_chunk alter column data set storage external`.execute(db);
    await sql`create index log_chunk_by_line on log_chunk (log_id, first_line, start)`.execute(db);
    // For what is left of a day whose partition is dropped: logs that never came to an end.
    await sql`create table log_chunk_rest partition of log_chunk
      for values from (minvalue) to ('0001-01-02')`.execute(db);
  },
};
