import type { Kysely, RawBuilder } from 'kysely';
import { sql } from 'kysely';
import type { Database } from '../../../store/schema.ts';
import type { ReadRows } from '../chunk-source.ts';
import type { Chunk, Cut, FinishRecord } from '../log-rows.ts';
import type { ChunkBytes } from './fetch-chunks.ts';
import type { HeadRow } from './load-logs.ts';
import { chunkColumns, cutOf, finishOf } from './load-logs.ts';

/** The rows of one log, read while engines write them. A chunk comes with its bytes, in one query. */
export class ServerRows implements ReadRows {
  readonly #db: Kysely<Database>;
  readonly #head: HeadRow;

  /** @param head as it was when the log was opened */
  constructor(db: Kysely<Database>, head: HeadRow) {
    this.#db = db;
    this.#head = head;
  }

  async at(_log: number, offset: number): Promise<Chunk | undefined> {
    // One that ends before there, or begins behind it, is none that holds it: that is for the caller.
    return this.#one(sql`start <= ${offset} order by start desc`);
  }

  startingBefore(_log: number, offset: number): Promise<Chunk | undefined> {
    return this.#one(sql`start < ${offset} order by start desc`);
  }

  last(): Promise<Chunk | undefined> {
    return this.#one(sql`true order by start desc`);
  }

  withLineEnd(_log: number, n: number): Promise<Chunk | undefined> {
    return this.#one(sql`first_line < ${n} order by first_line desc, start desc`);
  }

  data(_log: number, chunk: Chunk): Uint8Array | undefined {
    return (chunk as ChunkBytes).data;
  }

  cut(): Cut | undefined {
    return cutOf(this.#head);
  }

  finished(): FinishRecord | undefined {
    return finishOf(this.#head);
  }

  async #one(where: RawBuilder<unknown>): Promise<ChunkBytes | undefined> {
    const { log_id: id, day } = this.#head;
    const { rows } = await sql<ChunkBytes>`
      select ${sql.raw(chunkColumns)}, data from log_chunk
      where log_id = ${id} and day = ${day}::date and ${where} limit 1`.execute(this.#db);
    return rows[0];
  }
}
