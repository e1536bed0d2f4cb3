import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientConfig } from '../../../store/postgres/postgres-config.ts';
import type { LogConnection } from './log-connection.ts';

const channel = 'weir_log';
/** Watching a log is no reason to notify of each of its lines. */
const gatherMs = 100;
/** The server takes 8,000 bytes. */
const maxPayloadChars = 7_900;
const reconnectMs = 1_000;

/** Tells every process of the farm which logs grew, a few times a second. It carries no fact. */
export class GrowthTeller {
  readonly #connection: LogConnection;
  #grown = new Map<number, number>();

  constructor(connection: LogConnection) {
    this.#connection = connection;
  }

  /** A log is stored up to there. */
  grew(log: number, bytes: number): void {
    if (this.#grown.size === 0) setTimeout(() => this.#tell(), gatherMs).unref();
    this.#grown.set(log, bytes);
  }

  #tell(): void {
    const grown = this.#grown;
    this.#grown = new Map();
    for (const payload of payloadsOf(grown)) {
      // What got lost is told of with what comes next.
      this.#connection.query('select pg_notify($1, $2)', [channel, payload]).catch(() => {});
    }
  }
}

function* payloadsOf(grown: ReadonlyMap<number, number>): Generator<string, void> {
  let payload = '';
  for (const [log, bytes] of grown) {
    const entry = `${log}:${bytes}`;
    if (payload.length + entry.length >= maxPayloadChars) {
      yield payload;
      payload = '';
    }
    payload += payload === '' ? entry : ` ${entry}`;
  }
  if (payload !== '') yield payload;
}

/** Hears which logs grew, whichever engine wrote them; connects again when the server was away. */
export class GrowthHearing implements AsyncDisposable {
  readonly #url: string;
  readonly #grew: (logs: ReadonlyMap<number, number>) => void;
  #client: pg.Client | undefined;
  #isClosed = false;

  private constructor(url: string, grew: (logs: ReadonlyMap<number, number>) => void) {
    this.#url = url;
    this.#grew = grew;
  }

  /** Resolves when it hears. */
  static async open(
    url: string,
    grew: (logs: ReadonlyMap<number, number>) => void,
  ): Promise<GrowthHearing> {
    const hearing = new GrowthHearing(url, grew);
    await hearing.#connect();
    return hearing;
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(clientConfig(this.#url));
    // Its queries say so, too; without a listener the process would end.
    client.on('error', () => {});
    client.on('notification', ({ payload = '' }) => this.#grew(read(payload)));
    await client.connect();
    await client.query(`listen ${channel}`);
    client.once('end', () => void this.#reconnect());
    this.#client = client;
    if (this.#isClosed) await client.end();
  }

  async #reconnect(): Promise<void> {
    this.#client = undefined;
    while (!this.#isClosed) {
      await sleep(reconnectMs, undefined, { ref: false });
      try {
        await this.#connect();
        return;
      } catch {
        // The server is still away.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#client?.end();
  }
}

function read(payload: string): Map<number, number> {
  return new Map(
    payload.split(' ').flatMap((entry): [number, number][] => {
      const [, log, bytes] = /^(\d{1,15}):(\d{1,15})$/.exec(entry) ?? [];
      return log === undefined || bytes === undefined ? [] : [[Number(log), Number(bytes)]];
    }),
  );
}
