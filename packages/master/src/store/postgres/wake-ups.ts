import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientConfig } from './postgres-config.ts';

const channel = 'weir_commit';
const wordChannel = 'weir_word';
/** The server takes less than 8,000 bytes. */
const maxWordBytes = 7_900;
/** Commits of so long are told of together: the server tells one notification after another. */
const gatherMs = 20;
const reconnectMs = 1_000;

export interface WakeUpsHears {
  /** Another process committed something. */
  wake(): void;
  /** Another process said this. */
  word(word: string): void;
}

/**
 * Tells the other processes of a farm that something was committed, and hears it from them. It carries
 * no fact and may get lost: who waits for it looks by himself, too, every few seconds.
 */
export class WakeUps implements AsyncDisposable {
  readonly #url: string;
  readonly #onWake: () => void;
  readonly #onWord: (word: string) => void;
  /** Which notifications are its own. */
  readonly #name = crypto.randomUUID();
  #client: pg.Client | undefined;
  #isTelling = false;
  #told: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(url: string, hears: WakeUpsHears) {
    this.#url = url;
    this.#onWake = () => hears.wake();
    this.#onWord = (word) => hears.word(word);
  }

  /** Resolves when it hears the others. */
  static async open(url: string, hears: WakeUpsHears): Promise<WakeUps> {
    const wakeUps = new WakeUps(url, hears);
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

  /** See `Store.say`. */
  say(word: string): void {
    const text = `${this.#name} ${word}`;
    if (Buffer.byteLength(text) > maxWordBytes) return;
    this.#told = this.#told.then(() => this.#notify(wordChannel, text));
  }

  async #notify(where: string, text: string): Promise<void> {
    // After the commit, and not in it: the server lets no two transactions that notify commit at once.
    await this.#client?.query('select pg_notify($1, $2)', [where, text]).catch(() => {});
  }

  #hear(where: string, text: string): void {
    const [name = '', ...rest] = text.split(' ');
    if (name === this.#name) return;
    if (where === channel) this.#onWake();
    else this.#onWord(rest.join(' '));
  }

  async #connect(): Promise<void> {
    const client = new pg.Client(clientConfig(this.#url));
    client.on('error', () => {});
    client.on('notification', ({ channel: where, payload = '' }) => this.#hear(where, payload));
    await client.connect();
    await client.query(`listen ${channel}; listen ${wordChannel}`);
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
        this.#onWake();
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
