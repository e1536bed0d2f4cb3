import pg from 'pg';
import { clientConfig } from '../../../store/postgres/postgres-config.ts';
import { troubleOf } from '../../../store/trouble.ts';

/** An engine that stands still while it writes a log stops another one that goes on with it. */
const idleInTransactionMs = 10_000;
/** Nobody holds a log's row for longer than one commit. */
const lockMs = 5_000;
/** What was asked before a connection is closed is answered within that time, or never. */
const endMs = 2_000;

export type Row = Readonly<Record<string, unknown>>;

/**
 * One connection of the log writer thread, made anew when it broke. Statements are sent without
 * waiting for the answers to those before them.
 */
export class LogConnection implements AsyncDisposable {
  readonly #url: string;
  readonly #isLazy: boolean;
  #client: pg.Client | undefined;
  #connecting: Promise<pg.Client> | undefined;
  #isClosed = false;

  /** @param isLazy a crash of the server may undo the last moments: all of it is done again then */
  constructor(url: string, { isLazy = false }: { isLazy?: boolean } = {}) {
    this.#url = url;
    this.#isLazy = isLazy;
  }

  /** Connects, if it is not. What belongs to one transaction is asked of the client that this gives. */
  async connect(): Promise<LogClient> {
    // A timer may still ask: a connection made now would keep the thread alive for ever.
    if (this.#isClosed) throw new Error('the connection is closed');
    if (this.#client !== undefined) return new LogClient(this.#client);
    this.#connecting ??= this.#open().finally(() => (this.#connecting = undefined));
    return new LogClient(await this.#connecting);
  }

  async #open(): Promise<pg.Client> {
    const client = new pg.Client({
      ...clientConfig(this.#url),
      pipeline: true,
      idle_in_transaction_session_timeout: idleInTransactionMs,
      lock_timeout: lockMs,
      ...(this.#isLazy && { options: '-c synchronous_commit=off' }),
    });
    const broke = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    // Whoever uses it hears it from his query; without a listener it would end the thread.
    client.on('error', broke);
    client.on('end', broke);
    await client.connect();
    if (this.#isClosed) {
      await end(client);
      throw new Error('the connection is closed');
    }
    this.#client = client;
    return client;
  }

  /** The rows of one statement. */
  async query<R = Row>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> {
    try {
      const client = await this.connect();
      return await client.send<R>(sql, parameters);
    } catch (error) {
      this.dropIfAway(error);
      throw error;
    }
  }

  /** Where that error says that the server is away, the next use connects again. */
  dropIfAway(error: unknown): void {
    if (troubleOf(error) !== 'away') return;
    this.#client?.end().catch(() => {});
    this.#client = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await end(client);
  }
}

/** A pipeline ends when it is empty, if it comes to that. */
async function end(client: pg.Client): Promise<void> {
  const cut = setTimeout(() => client.connection.stream.destroy(), endMs);
  await client.end();
  clearTimeout(cut);
}

/** One session of it. */
export class LogClient {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  /** The rows of the last statement; without parameters there may be several, with semicolons between. */
  async send<R = Row>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> {
    const result: unknown =
      parameters.length === 0
        ? await this.#client.query(sql)
        : await this.#client.query(sql, [...parameters]);
    const last = Array.isArray(result) ? (result as pg.QueryResult[]).at(-1) : result;
    return (last as pg.QueryResult).rows as R[];
  }
}
