import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../../log.ts';
import { clientConfig, locks } from './postgres-config.ts';

/** An engine that leads says so often that it is there ... */
const pingMs = 2_000;
/** ... gives up when the server does not answer for so long ... */
const silenceMs = 5_000;
/** ... and is given up by the server, which then lets the next one lead, after so long. */
const idleSessionMs = 10_000;
const retryMs = 1_000;

export interface LeadershipOptions {
  /** Of the database. */
  readonly url: string;
  readonly log: Log;
  /** This engine leads from now on. When it rejects, another one may try. */
  readonly lead: () => Promise<void>;
  /** It leads no more, and another one may already. Called once after each `lead`. */
  readonly retire: () => Promise<void>;
}

/**
 * Sees to it that one engine leads: the one whose session holds a lock of the database. The others
 * wait for it, so that the next one leads as soon as that session ends.
 */
export class Leadership implements AsyncDisposable {
  readonly #options: LeadershipOptions;
  readonly #running: Promise<void>;
  #client: pg.Client | undefined;
  /** By the monotonic clock; null while another one leads. */
  #answeredAt: number | null = null;
  readonly #closing = new AbortController();

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /**
   * Whether no other one can lead by now. False also after this process stood still: it may not have
   * heard yet that its time is over.
   */
  get isCertain(): boolean {
    return this.#answeredAt !== null && performance.now() - this.#answeredAt < idleSessionMs;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#campaign();
      } catch (error) {
        if (!signal.aborted) this.#options.log.warn(`leading the farm: ${String(error)}`);
      }
      await sleep(retryMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Waits until it may lead, and leads until it may no more. */
  async #campaign(): Promise<void> {
    const client = new pg.Client({ ...clientConfig(this.#options.url) });
    const ended = new Promise<void>((resolve) => {
      client.once('error', () => resolve());
      client.once('end', () => resolve());
    });
    client.on('error', () => {});
    this.#client = client;
    try {
      await client.connect();
      await prepare(client);
      await client.query(`select pg_advisory_lock(${locks.leader})`);
      // The answer may be old: this process may have stood still.
      const asked = performance.now();
      await client.query('select 1');
      this.#answeredAt = asked;
      await this.#lead(client, ended);
    } finally {
      this.#answeredAt = null;
      client.end().catch(() => {});
    }
  }

  async #lead(client: pg.Client, ended: Promise<void>): Promise<void> {
    const over = Promise.withResolvers<void>();
    let isAsking = false;
    const pinging = setInterval(() => {
      if (performance.now() - (this.#answeredAt ?? 0) > silenceMs) over.resolve();
      if (isAsking) return;
      isAsking = true;
      const asked = performance.now();
      client.query('select 1').then(
        () => {
          isAsking = false;
          this.#answeredAt = asked;
        },
        () => over.resolve(),
      );
    }, pingMs);
    const { lead, retire } = this.#options;
    const { signal } = this.#closing;
    try {
      await lead();
      signal.addEventListener('abort', () => over.resolve());
      if (!signal.aborted) await Promise.race([ended, over.promise]);
    } finally {
      clearInterval(pinging);
      this.#answeredAt = null;
      await retire();
    }
  }

  /** Leads no more, and lets the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    const isLeading = this.#answeredAt !== null;
    this.#closing.abort();
    // One that waits for the lock is not answered before it has it: its session is cut.
    if (!isLeading) this.#client?.connection.stream.destroy();
    await this.#running;
  }
}

async function prepare(client: pg.Client): Promise<void> {
  await client.query(
    `set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3`,
  );
  await client.query(`set idle_session_timeout = ${idleSessionMs}`);
  // Of one that waits the server else hears only when its turn comes; not every system can tell it.
  await client.query(`set client_connection_check_interval = ${silenceMs}`).catch(() => {});
}
