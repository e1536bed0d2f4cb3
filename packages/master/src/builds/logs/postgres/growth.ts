import { Listener } from '../../../store/postgres/listener.ts';
import type { LogConnection } from './log-connection.ts';

const channel = 'weir_log';
/** Watching a log is no reason to notify of each of its lines. */
const gatherMs = 100;
/** The server takes 8,000 bytes. */
const maxPayloadChars = 7_900;

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

/** Hears which logs grew, whichever engine wrote them. Resolves when it hears. */
export function hearGrowth(
  url: string,
  grew: (logs: ReadonlyMap<number, number>) => void,
): Promise<AsyncDisposable> {
  return Listener.open(url, { channels: [channel], heard: (payload) => grew(read(payload)) });
}

function read(payload: string): Map<number, number> {
  return new Map(
    payload.split(' ').flatMap((entry): [number, number][] => {
      const [, log, bytes] = /^(\d{1,15}):(\d{1,15})$/.exec(entry) ?? [];
      return log === undefined || bytes === undefined ? [] : [[Number(log), Number(bytes)]];
    }),
  );
}
