import { setTimeout as sleep } from 'node:timers/promises';
import type { Retention } from '@weir/model';
import { nextRetentionTime } from '@weir/model';
import type { LogSink } from '../builds/log-sink.ts';
import type { LogReader } from '../builds/logs/reader.ts';
import type { ObjectStore } from '../builds/objects/object-store.ts';
import type { ObjectUploads } from '../builds/objects/object-uploads.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { recordEvents } from '../store/events.ts';
import { getSetting, putSetting } from '../store/settings.ts';
import type { Store } from '../store/store.ts';
import { expirePending } from '../workers/pending-queue.ts';
import { sweepObjects, thinArtifacts } from './artifacts.ts';
import { dropBuilds } from './builds.ts';
import { dropEvents, dropNotices, dropRequests } from './rows.ts';

export interface RetainContext {
  readonly store: Store;
  readonly logs: LogSink;
  readonly logReader: Pick<LogReader, 'objectsInUse'>;
  readonly objects: ObjectStore;
  readonly uploads: ObjectUploads;
  readonly now: Clock;
  readonly log: Log;
  /** Copies of what artifacts there are follow the store. */
  readonly artifactsDropped: () => Promise<void>;
  /** As the farm file in force has it. */
  readonly rules: () => { retention: Retention; eventRetentionMs: number };
  /** How long the writer belongs to others after a piece that took so many milliseconds. Default: 49 times as long. */
  readonly restMs?: (tookMs: number) => number;
}

/** What a round took away. */
export interface Dropped {
  builds: number;
  logs: number;
  artifacts: number;
  requests: number;
  notices: number;
  events: number;
}

/** One piece of the work, some milliseconds of it. Whether there is more. */
export type Piece = () => Promise<boolean>;

const everyMs = 3_600_000;
/** The first round waits until the start is over. */
const firstMs = 60_000;
const minRestMs = 20;

/**
 * Takes away what is older than the farm keeps it, once an hour: oldest first, in small pieces with
 * pauses between them, about a fiftieth of the time. Whatever stops it, the next round goes on.
 */
export class Retain {
  readonly #context: RetainContext;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(context: RetainContext) {
    this.#context = context;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let ms = firstMs; !signal.aborted; ms = everyMs) {
      await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      await this.round().catch((error: unknown) => {
        this.#context.log.warn(`what is old was not dropped, and is tried again: ${String(error)}`);
      });
    }
  }

  /** One round, to its end or until `stop`. */
  async round(): Promise<Dropped> {
    const { store, now } = this.#context;
    const context = await this.#byRetentionTime();
    const dropped: Dropped = {
      builds: 0,
      logs: 0,
      artifacts: 0,
      requests: 0,
      notices: 0,
      events: 0,
    };
    // Builds before requests: a request goes with its last build.
    for (const kind of [dropBuilds, thinArtifacts, dropRequests, dropNotices, dropEvents]) {
      await this.#pieces(kind(context, dropped));
    }
    await this.#pieces(sweepObjects(context));
    await store.unit((db) => expirePending(db, now()));
    if (Object.values(dropped).some((count) => count > 0)) {
      await store.unit((db) =>
        recordEvents(db, [
          {
            at: now(),
            kind: 'farm.retained',
            actor: 'engine',
            subject: 'farm',
            data: { ...dropped },
          },
        ]),
      );
    }
    await store.compact(() => this.#pause(this.#restMs(0)));
    return dropped;
  }

  /** What is old is told by a time of its own, which no clock that is ahead takes along at once. */
  async #byRetentionTime(): Promise<RetainContext> {
    const { store, now } = this.#context;
    const name = 'retention-time';
    const time = await store.unit(async (db) => {
      const before = await getSetting(db, name);
      const next = nextRetentionTime(before === undefined ? null : Number(before), now());
      await putSetting(db, name, String(next));
      return next;
    });
    return { ...this.#context, now: () => time };
  }

  async #pieces(piece: Piece): Promise<void> {
    for (let isMore = true; isMore && !this.#stopped.signal.aborted;) {
      const begin = performance.now();
      isMore = await piece();
      await this.#pause(this.#restMs(performance.now() - begin));
    }
  }

  #restMs(tookMs: number): number {
    return this.#context.restMs?.(tookMs) ?? Math.max(minRestMs, 49 * tookMs);
  }

  /** False when it is time to stop. */
  async #pause(ms: number): Promise<boolean> {
    const { signal } = this.#stopped;
    await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
    return !signal.aborted;
  }
}
