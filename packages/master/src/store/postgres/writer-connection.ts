import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { StoreInUseError } from '../store-errors.ts';
import { CommitMarks } from './commit-marks.ts';
import { clientConfig, locks } from './postgres-config.ts';
import { toParameter } from './value-types.ts';

/** An engine that stands still in a unit stops all others: the server ends its session then. */
const idleInUnitMs = 10_000;
/** The server may hear late that the engine before this one is gone. */
const engineLockTries = 20;
const engineLockPauseMs = 250;

/**
 * The one connection over which an engine writes, made anew when it breaks. Statements are sent
 * without waiting for the answers to those before them. For Kysely it is a pool of one.
 */
export class WriterConnection implements PostgresPool {
  readonly options = {};
  readonly marks = new CommitMarks();
  readonly #url: string;
  readonly #isShared: boolean;
  #client: WriterClient | undefined;
  /** The server may not have heard yet that it is over. */
  #formerSession: Session | undefined;
  /** The schema is there. */
  #isMarked = false;
  #isClosed = false;

  /** @param isShared other engines may write beside this one */
  constructor(url: string, { isShared }: { isShared: boolean }) {
    this.#url = url;
    this.#isShared = isShared;
  }

  /**
   * The open session, or another one; asked for by one caller at a time.
   *
   * @throws StoreInUseError when another engine has the store
   */
  async connect(): Promise<WriterClient> {
    if (this.#isClosed) throw new Error('the store is closed');
    if (this.#client?.isBroken === false) return this.#client;
    const client = new pg.Client({
      ...clientConfig(this.#url),
      pipeline: true,
      idle_in_transaction_session_timeout: idleInUnitMs,
    });
    this.#client = new WriterClient(client);
    try {
      await client.connect();
      await this.#begin(client);
    } catch (error) {
      this.drop();
      throw error;
    }
    return this.#client;
  }

  async #begin(client: pg.Client): Promise<void> {
    await client.query(hearOfDeadPeers);
    if (this.#formerSession !== undefined) await endSession(client, this.#formerSession);
    await lockEngine(client, { isShared: this.#isShared });
    if (this.#isMarked) await client.query(this.marks.makeRow);
    this.#formerSession = await sessionOf(client);
  }

  /** What `connect` gave last, whatever became of it. */
  given(): WriterClient {
    if (this.#client === undefined) throw new Error('the store was never connected');
    return this.#client;
  }

  /** Begins to keep a row of marks; the schema is there. */
  async beginMarks(): Promise<void> {
    this.#isMarked = true;
    const client = await this.connect();
    await client.send(`${this.marks.dropOldRows}; ${this.marks.makeRow}`);
  }

  /** Ends a session of which nobody knows how it stands. */
  drop(): void {
    const client = this.#client;
    if (client === undefined) return;
    client.isBroken = true;
    client.end().catch(() => {});
  }

  async end(): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    if (client === undefined || client.isBroken) return;
    // One that stays is dropped by another writer, later.
    if (this.#isMarked) await client.send(this.marks.dropRow).catch(() => {});
    await client.end();
  }
}

/** A machine that died says nothing: its session ends after a minute. */
const hearOfDeadPeers =
  'set tcp_keepalives_idle = 30; set tcp_keepalives_interval = 10; set tcp_keepalives_count = 3';

/** One session of the server; its process's number alone is given out again. */
interface Session {
  readonly pid: number;
  readonly began: string;
}

async function sessionOf(client: pg.Client): Promise<Session | undefined> {
  const { rows } = await client.query<Session>(
    'select pid, backend_start::text as began from pg_stat_activity where pid = pg_backend_pid()',
  );
  return rows[0];
}

/** Ends a session of this writer that the server still has, with all that it holds. */
async function endSession(client: pg.Client, { pid, began }: Session): Promise<void> {
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start::text = $2',
    [pid, began],
  );
}

/** One session of it. */
export class WriterClient implements PostgresPoolClient {
  isBroken = false;
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
    const broke = (): void => void (this.isBroken = true);
    // Whoever uses it hears it from his query; without a listener it would end the process.
    client.on('error', broke);
    client.on('end', broke);
  }

  /** Sends a statement without parameters, or several with semicolons between: the answers, in order. */
  async send(sql: string): Promise<pg.QueryResult<Record<string, unknown>>[]> {
    const results: unknown = await this.#client.query(sql);
    return (Array.isArray(results) ? results : [results]) as pg.QueryResult[];
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: never): R;
  query(sql: string, parameters: readonly unknown[] = []): Promise<unknown> {
    return this.#client.query(sql, parameters.map(toParameter));
  }

  release(): void {}

  end(): Promise<void> {
    return this.#client.end();
  }
}

/** Engines that share the store, or one that has it alone. */
async function lockEngine(client: pg.Client, { isShared }: { isShared: boolean }): Promise<void> {
  const take = isShared ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
  for (let tries = 1; tries <= engineLockTries; tries += 1) {
    const { rows } = await client.query<{ held: number }>(
      `select ${take}(${locks.engine}) as held`,
    );
    if (rows[0]?.held === 1) return;
    await sleep(engineLockPauseMs);
  }
  const what = isShared ? 'for itself' : 'open: stop it first';
  throw new StoreInUseError(`another weir has this database ${what}; ${sharing}`);
}

const sharing = 'masters share one when all are given a Redis, by --redis URL or $WEIR_REDIS_URL';
