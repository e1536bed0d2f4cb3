import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientConfig } from './postgres-config.ts';

const reconnectMs = 1_000;

export interface ListenerOptions {
  readonly channels: readonly string[];
  heard(payload: string, channel: string): void;
  /** It hears again; what was said meanwhile is lost. */
  readonly isBack?: () => void;
}

/** Hears what is notified on some channels of a database; connects again when the server was away. */
export class Listener implements AsyncDisposable {
  readonly #url: string;
  readonly #options: ListenerOptions;
  #client: pg.Client | undefined;
  #isClosed = false;

  private constructor(url: string, options: ListenerOptions) {
    this.#url = url;
    this.#options = options;
  }

  /** Resolves when it hears. */
  static async open(url: string, options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(url, options);
    await listener.#connect();
    return listener;
  }

  /** Says it on a channel, over the same connection; it gets lost while the server is away. */
  async notify(channel: string, payload: string): Promise<void> {
    await this.#client?.query('select pg_notify($1, $2)', [channel, payload]).catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(clientConfig(this.#url));
    // Its queries say so, too; without a listener the process would end.
    client.on('error', () => {});
    client.on('notification', ({ channel, payload = '' }) => {
      this.#options.heard(payload, channel);
    });
    await client.connect();
    try {
      await client.query(this.#options.channels.map((channel) => `listen ${channel}`).join('; '));
    } catch (error) {
      await client.end();
      throw error;
    }
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
        this.#options.isBack?.();
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
