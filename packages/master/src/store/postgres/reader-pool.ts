import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { troubleOf } from '../trouble.ts';
import { clientConfig } from './postgres-config.ts';
import { toParameter } from './value-types.ts';

/** Connections to read over: a slow page holds one, and no other page waits for it. */
const maxConnections = 8;
const idleMs = 60_000;
/** No read lasts so long that the server can't clean up behind it. */
const statementMs = 15_000;
/** A server that hangs ends none of its own: whoever reads then waits no longer than this. */
const answerMs = statementMs + 1_000;

/** Connections that can't write. */
export function openReaderPool(url: string): PostgresPool {
  const pool = new pg.Pool({
    ...clientConfig(url),
    options: '-c default_transaction_read_only=on',
    statement_timeout: statementMs,
    query_timeout: answerMs,
    max: maxConnections,
    idleTimeoutMillis: idleMs,
    // A process that has nothing else to do may end.
    allowExitOnIdle: true,
  });
  // A connection that broke while nobody used it: the pool makes another one.
  pool.on('error', () => {});
  // One that broke while it was used: its query says so, and without a listener the process ends.
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    options: {},
    connect: async () => toReader(await pool.connect()),
    end: () => pool.end(),
  };
}

const readers = new WeakMap<pg.PoolClient, Reader>();

/** The same one for the same connection: Kysely keeps what it knows of it. */
function toReader(client: pg.PoolClient): Reader {
  const reader = readers.get(client) ?? new Reader(client);
  readers.set(client, reader);
  return reader;
}

class Reader implements PostgresPoolClient {
  readonly #client: pg.PoolClient;
  /** An answer may still come that nobody waits for: nothing more is asked here. */
  #isLeft = false;

  constructor(client: pg.PoolClient) {
    this.#client = client;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: never): R;
  async query(sql: string, parameters: readonly unknown[] = []): Promise<unknown> {
    try {
      return await this.#client.query(sql, parameters.map(toParameter));
    } catch (error) {
      this.#isLeft = troubleOf(error) === 'away';
      throw error;
    }
  }

  release(destroy?: boolean): void {
    this.#client.release(destroy === true || this.#isLeft);
  }
}
