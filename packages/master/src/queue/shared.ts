import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Log } from '../log.ts';
import { connectRedis, connectWaiting, misgivings, mustBeUp } from '../redis/connect.ts';
import { shownRedisUrl } from '../redis/redis-url.ts';
import type { RequestRow } from '../store/requests.ts';
import { EmbeddedQueue } from './embedded.ts';
import type { Pool, Queue, Waiting } from './queue.ts';
import { SharedJobs } from './shared-jobs.ts';

export interface SharedQueueContext {
  readonly url: URL;
  /** Before every key of the farm in Redis: farms may share one. */
  readonly prefix: string;
  /** Those of the requests that wait, from the store. */
  read(ids: readonly number[]): Promise<readonly RequestRow[]>;
  /** As the queue holds them; without those whose builder is not in force, or not yet. */
  waitingOf(requests: readonly RequestRow[]): readonly Waiting[];
  /** Reads all that waits from the store, and calls `reconcile` with it. */
  reconcile(): Promise<void>;
  /** Another engine added something. */
  changed(): void;
  readonly log: Log;
}

/** How often Redis is asked whether it is there, and still what it was. */
const beatMs = 500;

/** So many requests are read from the store by one statement. */
const readAtOnce = 1_000;

/** While Redis is away this engine asks the store so often what the others wrote ... */
const aloneMs = 2_000;
/** ... and spends no more than so small a part of its time with that. */
const alonePart = 1 / 10;

/**
 * The queue of a farm with several engines, over BullMQ. Each engine has the whole index in memory and
 * dispatches from there, so that no round of dispatching and no answer to a person waits for Redis.
 * What one engine adds and removes the others hear by BullMQ's events, which a link that broke takes
 * up where it was; what is added is read from the store by its id. What was missed, because Redis was
 * away or emptied, comes from the store at once; what was lost on the way, with the next sweep.
 */
export class SharedQueue implements Queue {
  readonly #context: SharedQueueContext;
  readonly #index = new EmbeddedQueue();
  readonly #redis: Redis;
  readonly #listening: Redis;
  /** Since Redis was there for the first time. */
  #jobs: SharedJobs | undefined;
  readonly #engine = randomUUID();
  /** What Redis is to be told: the last word on each request. */
  #untold = new Map<number, Waiting | null>();
  #telling: Promise<void> | undefined;
  /** What others added, to be read. */
  #heard = new Set<number>();
  #reading: Promise<void> | undefined;
  /** Redis is there, and says what the store says. Null: it has not been asked yet. */
  #isUp: boolean | null = null;
  #generation: string | null = null;
  #aloneUntil = 0;
  #isClosed = false;
  #alarm: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #repairing: Promise<void> | undefined;

  constructor(context: SharedQueueContext) {
    this.#context = context;
    this.#redis = connectRedis(context.url);
    this.#listening = connectWaiting(this.#redis);
    for (const link of [this.#redis, this.#listening]) {
      // Each try that fails is an error; that Redis is away is said once.
      link.on('error', () => {});
      link.on('close', () => this.#lost('the link broke'));
    }
  }

  add(waiting: Waiting): void {
    this.#index.add(waiting);
    this.#tell(waiting.request.id, waiting);
  }

  remove(requestId: number): void {
    this.#index.remove(requestId);
    this.#tell(requestId, null);
  }

  candidates(pools: readonly Pool[], n: number): readonly Waiting[] {
    return this.#index.candidates(pools, n);
  }

  pools(): readonly Pool[] {
    return this.#index.pools();
  }

  reconcile(waiting: readonly Waiting[]): void {
    this.#index.reconcile(waiting);
    // Not before the engine has read its store for the first time.
    this.#beating ??= this.#beat();
    if (this.#isUp === true) void this.#repair();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#alarm);
    await this.#telling;
    this.#jobs?.close();
    this.#redis.disconnect();
    this.#listening.disconnect();
    await Promise.all([this.#beating, this.#reading, this.#repairing]);
  }

  /** While Redis is away nothing is kept for it: it is told all when it is back. */
  #tell(id: number, word: Waiting | null): void {
    if (this.#isUp !== true || this.#isClosed || this.#jobs === undefined) return;
    this.#untold.set(id, word);
    this.#telling ??= this.#tellAll(this.#jobs).finally(() => (this.#telling = undefined));
  }

  async #tellAll(jobs: SharedJobs): Promise<void> {
    // One turn later, so that what changes together is told together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#untold.size > 0) {
      const words = [...this.#untold];
      this.#untold = new Map();
      try {
        await Promise.all([
          jobs.add(words.flatMap(([, word]) => word ?? [])),
          jobs.remove(words.filter(([, word]) => word === null).map(([id]) => id)),
        ]);
      } catch (error) {
        this.#lost(error);
      }
    }
  }

  /** Never fails, and ends only with the queue. */
  async #beat(): Promise<void> {
    try {
      await mustBeUp(this.#redis);
      const generation = await this.#redis.get(this.#generationKey);
      if (this.#isUp !== true || generation === null || generation !== this.#generation) {
        await this.#meet();
      }
    } catch (error) {
      this.#lost(error);
    }
    if (this.#isUp !== true) await this.#goOnAlone();
    if (this.#isClosed) return;
    this.#alarm = setTimeout(() => {
      this.#beating = this.#beat();
    }, beatMs);
    this.#alarm.unref();
  }

  get #generationKey(): string {
    return `${this.#context.prefix}:generation`;
  }

  /**
   * Redis is new to this engine, or back, or was emptied, with what others told by it. From here on
   * it is listened to, so that what is read from the store then is all that could have been missed.
   */
  async #meet(): Promise<void> {
    const { log, url } = this.#context;
    const wasUp = this.#isUp;
    await this.#redis.set(this.#generationKey, randomUUID(), 'NX');
    this.#generation = await this.#redis.get(this.#generationKey);
    await mustBeUp(this.#listening);
    this.#jobs ??= await this.#listen();
    this.#jobs.forget();
    this.#isUp = true;
    await this.#context.reconcile();
    await this.#repair();
    // Else it is away again.
    if (this.#isUp !== true) return;
    const place = shownRedisUrl(url);
    if (wasUp === true) log.warn(`Redis at ${place} was emptied: it is told again what waits`);
    else log.info(`the queue is shared by Redis at ${place}`);
    for (const text of await misgivings(this.#redis)) log.warn(`Redis at ${place}: ${text}`);
  }

  async #listen(): Promise<SharedJobs> {
    const [seconds] = await this.#redis.time();
    return new SharedJobs(this.#redis, this.#listening, {
      prefix: this.#context.prefix,
      engine: this.#engine,
      since: Number(seconds) * 1_000,
      added: (id) => this.#hear(id),
      removed: (id) => this.#index.remove(id),
    });
  }

  #hear(id: number): void {
    this.#heard.add(id);
    this.#reading ??= this.#readHeard().finally(() => (this.#reading = undefined));
  }

  async #readHeard(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#heard.size > 0 && !this.#isClosed) {
      const ids = [...this.#heard].slice(0, readAtOnce);
      for (const id of ids) this.#heard.delete(id);
      try {
        const waiting = this.#context.waitingOf(await this.#context.read(ids));
        for (const each of waiting) this.#index.add(each);
        if (waiting.length > 0) this.#context.changed();
      } catch (error) {
        this.#context.log.warn(`what other engines added was not read: ${String(error)}`);
      }
    }
  }

  #repair(): Promise<void> {
    this.#repairing ??= this.#tellDifference()
      .catch((error: unknown) => this.#lost(error))
      .finally(() => (this.#repairing = undefined));
    return this.#repairing;
  }

  /** Makes Redis say what this engine's index says. */
  async #tellDifference(): Promise<void> {
    const jobs = this.#jobs;
    if (jobs === undefined) return;
    const told = await jobs.ids();
    const missing = [...this.#index.all()].filter(({ request }) => !told.has(request.id));
    await jobs.add(missing);
    const over = [...told].filter((id) => !this.#index.has(id));
    for (let start = 0; start < over.length; start += readAtOnce) {
      await this.#takeBack(jobs, over.slice(start, start + readAtOnce));
    }
  }

  /**
   * Redis says that these wait, and this engine knows nothing of it. Another one may have added them
   * a moment ago, or go by a newer farm file: only the store knows.
   */
  async #takeBack(jobs: SharedJobs, ids: readonly number[]): Promise<void> {
    const context = this.#context;
    const rows = await context.read(ids);
    for (const each of context.waitingOf(rows)) this.#index.add(each);
    const waiting = new Set(rows.map(({ id }) => id));
    const gone = ids.filter((id) => !waiting.has(id));
    if (gone.length === 0) return;
    await jobs.remove(gone);
    // What began to wait again between the look and the removal.
    for (const each of context.waitingOf(await context.read(gone))) this.add(each);
  }

  #lost(error: unknown): void {
    if (this.#isUp === false || this.#isClosed) return;
    this.#isUp = false;
    this.#untold.clear();
    const { log, url } = this.#context;
    const text = error instanceof Error ? error.message : String(error);
    log.warn(`Redis at ${shownRedisUrl(url)} is away, and the engine goes on without it: ${text}`);
  }

  /** What other engines wrote is found in the store. */
  async #goOnAlone(): Promise<void> {
    const { log } = this.#context;
    const startedAt = performance.now();
    if (startedAt < this.#aloneUntil || this.#isClosed) return;
    await this.#context.reconcile().catch((error: unknown) => log.warn(String(error)));
    const tookMs = performance.now() - startedAt;
    this.#aloneUntil = performance.now() + Math.max(aloneMs, tookMs / alonePart);
  }
}
