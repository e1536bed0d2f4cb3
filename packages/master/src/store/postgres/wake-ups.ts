import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientConfig } from './postgres-config.ts';

const channel = 'weir_commit';
const callChannel = 'weir_call';
/** Commits of so long are told of together: the server tells one notification after another. */
const gatherMs = 20;
const reconnectMs = 1_000;

/** What the other processes of a farm tell. */
export interface WakeUpListener {
  /** Something was committed. */
  woken(): void;
  called(text: string): void;
}

/**
 * Tells the other processes of a farm that something was committed, and hears it from them. It carries
 * no fact and may get lost: who waits for it looks by himself, too, every few seconds. Calls say
 * what stands nowhere else, and may get lost as well.
 */
export class WakeUps implements AsyncDisposable {
  readonly #url: string;
  readonly #listener: WakeUpListener;
  /** Which notifications are its own. */
  readonly #name = crypto.randomUUID();
  #client: pg.Client | undefined;
  #isTelling = false;
  #told: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(url: string, listener: WakeUpListener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Resolves when it hears the others. */
  static async open(url: string, listener: WakeUpListener): Promise<WakeUps> {
    const wakeUps = new WakeUps(url, listener);
    await wakeUps.#connect();
    return wakeUps;
  }

  /** Something was committed here. */
  tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setTimeout(() => {
      // What is committed from here on is told of by the next one.
      this.#isTelling = false;
      this.#told = this.#told.then(() => this.#notify(channel, this.#name));
    }, gatherMs).unref();
  }

  /** Says it to the others. */
  call(text: string): void {
    this.#told = this.#told.then(() => this.#notify(callChannel, `${this.#name} ${text}`));
  }

  async #notify(to: string, text: string): Promise<void> {
    // After the commit, and not in it: the server lets no two transactions that notify commit at once.
    await this.#client?.query('select pg_notify($1, $2)', [to, text]).catch(() => {});
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(clientConfig(this.#url));
    client.on('error', () => {});
    client.on('notification', ({ channel: heard, payload = '' }) => {
      if (payload.startsWith(this.#name)) return;
      if (heard === channel) this.#listener.woken();
      else this.#listener.called(payload.slice(this.#name.length + 1));
    });
    await client.connect();
    await client.query(`listen ${channel}; listen ${callChannel}`);
    client.once('end', () => void this.#reconnect());
    this.#client = client;
  }

  async #reconnect(): Promise<void> {
    this.#client = undefined;
    while (!this.#isClosed) {
      await sleep(reconnectMs, undefined, { ref: false });
      try {
        await this.#connect();
        // For what was told meanwhile.
        this.#listener.woken();
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
