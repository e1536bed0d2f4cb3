import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiEvent } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { EventRow } from '../../store/events.ts';
import { eventBounds, eventsAfter } from '../../store/events.ts';
import type { Database } from '../../store/schema.ts';
import type { ServerSentEvent } from './sse.ts';
import { WakeUp } from './wake-up.ts';

/** The newest events are kept, ready to be sent: a thousand readers cost one query. */
const maxKept = 1_000;
const batch = 200;
/** Finds what a lost wake-up missed. */
const sweepMs = 3_000;
/** It looks so long after it was woken: one look serves many commits, and whoever waits for them is answered first. */
const lookAfterMs = 20;

/** Who follows the feed itself. */
export interface EventListener {
  /** What came, in order. */
  heard(rows: readonly EventRow[]): void;
  /** The store could not be read; it is tried again. */
  failed(error: unknown): void;
}

/** The event log as the live streams read it. */
export class EventFeed implements Disposable {
  readonly #db: Kysely<Database>;
  readonly #wakeUp = new WakeUp();
  readonly #sweep: NodeJS.Timeout;
  readonly #listener: EventListener;
  /** Without gaps, and up to the newest event that was read. */
  #kept: ServerSentEvent[] = [];
  #newest = 0;
  #isAway = false;
  #isWoken = false;
  #isReading = false;
  #isClosed = false;

  private constructor(db: Kysely<Database>, listener: EventListener) {
    this.#db = db;
    this.#listener = listener;
    this.#sweep = setInterval(() => this.wake(), sweepMs);
  }

  static async open(db: Kysely<Database>, listener: EventListener): Promise<EventFeed> {
    const feed = new EventFeed(db, listener);
    feed.#newest = (await eventBounds(db)).newest;
    return feed;
  }

  get newest(): number {
    return this.#newest;
  }

  /** The store could not be read when it was tried last. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Something may have been committed. */
  wake(): void {
    this.#isWoken = true;
    if (!this.#isReading) void this.#read();
  }

  /** Resolves when there are events that were not there before, or the store goes away or comes back. */
  next(): Promise<void> {
    return this.#wakeUp.next();
  }

  /** The events after a number, oldest first; a few hundred at most. */
  async after(number: number): Promise<ServerSentEvent[]> {
    const oldestKept = this.#kept[0]?.id;
    if (oldestKept !== undefined && number >= oldestKept - 1) {
      const from = number - oldestKept + 1;
      return this.#kept.slice(from, from + batch);
    }
    return (await eventsAfter(this.#db, number, batch)).map(toServerSent);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    try {
      while (this.#isWoken && !this.#isClosed) {
        await sleep(lookAfterMs, undefined, { ref: false });
        if (this.#isClosed) return;
        this.#isWoken = false;
        const rows = await eventsAfter(this.#db, this.#newest, batch);
        this.#found(true);
        this.#keep(rows);
      }
    } catch (error) {
      // The store is closed under a read that was under way.
      if (!this.#isClosed) {
        this.#found(false);
        this.#listener.failed(error);
      }
    } finally {
      this.#isReading = false;
    }
  }

  #found(isThere: boolean): void {
    if (this.#isAway !== isThere) return;
    this.#isAway = !isThere;
    this.#wakeUp.wake();
  }

  #keep(rows: readonly EventRow[]): void {
    if (rows.length === 0) return;
    this.#isWoken ||= rows.length === batch;
    this.#newest = rows.at(-1)?.number ?? this.#newest;
    this.#listener.heard(rows);
    this.#kept.push(...rows.map(toServerSent));
    if (this.#kept.length > 2 * maxKept) this.#kept = this.#kept.slice(-maxKept);
    this.#wakeUp.wake();
  }
}

/** An `ApiEvent`; its data go as they are stored. */
function toServerSent({
  number,
  at,
  kind,
  actor,
  subject,
  data_json: data,
}: EventRow): ServerSentEvent {
  const event: Omit<ApiEvent, 'data'> = { number, at, kind, actor, subject };
  return { id: number, data: `${JSON.stringify(event).slice(0, -1)},"data":${data}}` };
}
