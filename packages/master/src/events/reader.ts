import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { saysDiskFull } from '../store/disk-full.ts';
import type { EventRow } from '../store/events.ts';
import { eventBounds, eventsAfter, recordEvents } from '../store/events.ts';
import { insertReader, moveReader, passOver, readerCursor } from '../store/readers.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import { troubleOf } from '../store/trouble.ts';

export interface LoggedEvent {
  readonly number: number;
  readonly at: number;
  /** NOUN.VERB */
  readonly kind: string;
  readonly actor: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventReaderOptions {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  /** Under which its cursor is stored. */
  readonly name: string;
  /** Whether an event is this reader's business, by the event alone: those that are not cost no write. */
  readonly concerns: (event: LoggedEvent) => boolean;
  /** Writes what follows from an event, in one unit with the cursor. What it returns is called after the commit. */
  readonly handle: (db: Kysely<Database>, event: LoggedEvent) => Promise<(() => void) | undefined>;
  /** How often it looks for what a lost wake-up missed, and tries what failed; milliseconds. */
  readonly sweepMs?: number;
}

const batch = 200;
/** A start looks again at no more events than these and a batch, though none of them concerned the reader. */
const maxLag = 1_000;
const defaultSweepMs = 5_000;
/** It looks so long after it was woken: one look serves many commits, and builds are given out first. */
const lookAfterMs = 20;
/**
 * An event that its handler fails at so often is passed over, so that it does not stand in the way
 * of all others. A store that takes no writes for a while is not the event's fault.
 */
const maxTries = 5;

/**
 * Reads the event log from a stored cursor, one event after another. What it writes for an event is
 * written with the cursor in one unit, guarded by the cursor's old value: exactly once, however
 * often the process dies.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  /** As it is stored. */
  #stored = 0;
  /** Events up to this number were looked at. */
  #seen = 0;
  /** Times that the handler failed at the event at hand. */
  #tries = 0;
  #lastError = '';
  /** A unit failed, perhaps after its commit: where the reader is stands in the store alone. */
  #isUnsure = false;
  /** The event at hand failed: only the sweep tries it again. */
  #isFailing = false;
  #isWoken = false;
  #isStopped = false;
  #reading: Promise<void> | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** It looked at all events up to this number. */
  get seen(): number {
    return this.#seen;
  }

  /** Begins where it stopped; on a store that it never read, with the next event. */
  async start(): Promise<void> {
    const { store, name } = this.#options;
    this.#stored = await store.unit(async (db) => {
      const cursor = await readerCursor(db, name);
      if (cursor !== undefined) return cursor;
      const { newest } = await eventBounds(db);
      await insertReader(db, name, newest);
      return newest;
    });
    this.#seen = this.#stored;
    this.#sweep = setInterval(() => {
      this.#isFailing = false;
      this.wake();
    }, this.#options.sweepMs ?? defaultSweepMs).unref();
    this.wake();
  }

  /** Something may have been committed. */
  wake(): void {
    if (this.#isFailing) return;
    this.#isWoken = true;
    this.#reading ??= this.#read();
  }

  /** Lets the event at hand end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweep);
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      while (this.#isWoken && !this.#isStopped) {
        await sleep(lookAfterMs);
        if (this.#isStopped) return;
        this.#isWoken = false;
        if (this.#isUnsure) await this.#findPlace();
        await this.#readOn();
      }
    } catch (error) {
      this.#isFailing = true;
      this.#isUnsure = true;
      const { log, name } = this.#options;
      log.warn(
        `the reader ${name} stops at event ${this.#seen + 1}, and tries again: ${String(error)}`,
      );
    } finally {
      this.#reading = undefined;
    }
  }

  async #findPlace(): Promise<void> {
    const { store, name } = this.#options;
    const cursor = await readerCursor(store.read, name);
    this.#isUnsure = false;
    if (cursor === undefined || cursor === this.#stored) return;
    this.#stored = cursor;
    this.#seen = Math.max(this.#seen, cursor);
    this.#tries = 0;
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const rows = await eventsAfter(this.#options.store.read, this.#seen, batch);
      for (const row of rows) {
        if (this.#isStopped) return;
        await this.#look(toLogged(row));
      }
      if (this.#seen - this.#stored >= maxLag) {
        // Beside what other engines write: the cursor's old value guards it.
        await this.#options.store.unit((db) => this.#moveCursor(db, this.#seen), {
          isGuarded: true,
        });
        this.#stored = this.#seen;
      }
      if (rows.length < batch) return;
    }
  }

  async #look(event: LoggedEvent): Promise<void> {
    if (this.#options.concerns(event)) await this.#take(event);
    this.#seen = event.number;
  }

  async #take(event: LoggedEvent): Promise<void> {
    const isPassedOver = this.#tries >= maxTries;
    /** What the handler threw when the unit ran last: it may run more than once for one try. */
    let failure: { readonly error: unknown } | undefined;
    const handle = async (db: Kysely<Database>): Promise<(() => void) | undefined> => {
      failure = undefined;
      try {
        return await this.#options.handle(db, event);
      } catch (error) {
        failure = { error };
        throw error;
      }
    };
    let committed: (() => void) | undefined;
    try {
      committed = await this.#options.store.unit(async (db) => {
        const after = isPassedOver ? await this.#passOver(db, event) : await handle(db);
        await this.#moveCursor(db, event.number);
        return after;
      });
    } catch (error) {
      if (failure !== undefined) this.#failed(failure.error);
      throw error;
    }
    this.#tries = 0;
    this.#stored = event.number;
    // Before what follows, which may fail: the event is not handled again for that.
    this.#seen = event.number;
    committed?.();
  }

  #failed(error: unknown): void {
    if (!saysDiskFull(error) && troubleOf(error) === undefined) this.#tries += 1;
    this.#lastError = String(error);
  }

  async #passOver(db: Kysely<Database>, { number }: LoggedEvent): Promise<() => void> {
    const { name, now, log } = this.#options;
    const at = now();
    await passOver(db, name, { event: number, at });
    const data = { event: number, error: this.#lastError };
    const subject = `reader/${name}`;
    await recordEvents(db, [{ at, kind: 'reader.passed-over', actor: 'engine', subject, data }]);
    return () => log.warn(`the reader ${name} passes over event ${number}: ${this.#lastError}`);
  }

  async #moveCursor(db: Kysely<Database>, to: number): Promise<void> {
    const { name } = this.#options;
    if (!(await moveReader(db, name, { from: this.#stored, to }))) {
      throw new Error(`another reader moved the cursor ${name}`);
    }
  }
}

/** An event of the log as its readers have it. */
export function toLogged({ number, at, kind, actor, subject, data_json }: EventRow): LoggedEvent {
  const data = JSON.parse(data_json) as Record<string, unknown>;
  return { number, at, kind, actor, subject, data };
}
