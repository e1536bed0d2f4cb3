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
      // Lost: who follows a log looks by himself, too, some time later.
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

/** Hears which logs grew, written by whichever engine; connects again when the server was away. */
export async function hearGrowth(
  url: string,
  grew: (logs: ReadonlyMap<number, number>) => void,
): Promise<AsyncDisposable> {
  const stopped = new AbortController();
  let client = await listen(url, grew);
  const running = (async () => {
    while (!stopped.signal.aborted) {
      await client.ended;
      while (!stopped.signal.aborted) {
        await sleep(reconnectMs, undefined, { signal: stopped.signal, ref: false }).catch(() => {});
        const next = stopped.signal.aborted ? undefined : await listen(url, grew).catch(() => {});
        if (next === undefined) continue;
        client = next;
        break;
      }
    }
    await client.end();
  })();
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await client.end();
      await running;
    },
  };
}

interface Listening {
  readonly ended: Promise<void>;
  end(): Promise<void>;
}

async function listen(
  url: string,
  grew: (logs: ReadonlyMap<number, number>) => void,
): Promise<Listening> {
  const client = new pg.Client(clientConfig(url));
  client.on('error', () => {});
  client.on('notification', ({ payload = '' }) => grew(read(payload)));
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  client.once('end', () => resolve());
  await client.connect();
  await client.query(`listen ${channel}`);
  let ending: Promise<void> | undefined;
  return { ended, end: () => (ending ??= client.end()) };
}

function read(payload: string): Map<number, number> {
  return new Map(
    payload.split(' ').flatMap((entry): [number, number][] => {
      const [, log, bytes] = /^(\d{1,15}):(\d{1,15})$/.exec(entry) ?? [];
      return log === undefined || bytes === undefined ? [] : [[Number(log), Number(bytes)]];
    }),
  );
}
