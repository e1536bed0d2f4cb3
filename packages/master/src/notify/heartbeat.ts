import { setTimeout } from 'node:timers/promises';
import type { Farm } from '@weir/model';
import type { Clock } from '../clock.ts';
import type { EventReader } from '../events/reader.ts';
import { heartbeatMisfit } from '../farm/heartbeat-address.ts';
import type { Log } from '../log.ts';
import { waitingDeliveries } from '../store/deliveries.ts';
import { eventsAfter } from '../store/events.ts';
import { gatheringNotices } from '../store/notices.ts';
import type { Store } from '../store/store.ts';
import { askPublic, whyNotTaken } from './ask-public.ts';

export interface HeartbeatOptions {
  readonly store: Store;
  readonly farm: () => Farm;
  readonly now: Clock;
  readonly log: Log;
  /** Makes notices of events. */
  readonly reader: Pick<EventReader, 'seen'>;
  /** Goes before the farm file's address: that may be read by everybody. Null: it is not set. */
  readonly url: string | null;
  /** Why there is no heartbeat; null when there is. Called when that changes. */
  readonly changed: (trouble: string | null) => void;
  /** Waits between two beats; milliseconds. */
  readonly wait?: (ms: number, options: { signal: AbortSignal; ref: false }) => Promise<unknown>;
}

/** An event that waited so long to be looked at waits for a reader that does not keep up. */
const keepsUpMs = 5 * 60_000;
/** What waited so long to be told or delivered is stuck. */
const stuckMs = 3_600_000;

/**
 * Tells somebody else's watch that notices get through, for as long as they do: the farm that is
 * dead or dumb can't tell that of itself, and the watch does when it hears nothing more.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #stopping: AbortController | undefined;
  #beating: Promise<void> = Promise.resolve();
  #trouble: string | null = null;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Begins anew, with a beat, by the farm file in force. */
  start(): void {
    this.#stopping?.abort();
    const { signal } = (this.#stopping = new AbortController());
    this.#beating = this.#beating.then(() => this.#beatOn(signal));
  }

  async stop(): Promise<void> {
    this.#stopping?.abort();
    await this.#beating;
  }

  async #beatOn(signal: AbortSignal): Promise<void> {
    const { wait = (ms, options) => setTimeout(ms, undefined, options) } = this.#options;
    while (!signal.aborted) {
      await this.#beat(signal);
      const { everyMs } = this.#options.farm().notify.heartbeat;
      // Only the end of the waiting ends it.
      await wait(everyMs, { signal, ref: false }).catch(() => {});
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { farm, log, changed } = this.#options;
    const url = this.#options.url ?? farm().notify.heartbeat.url;
    let trouble: string | null;
    try {
      trouble = url === null ? null : ((await this.#fault()) ?? (await this.#ask(url, signal)));
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted || trouble === this.#trouble) return;
    this.#trouble = trouble;
    if (trouble === null) log.info('the heartbeat is in order again');
    else log.warn(`no heartbeat: ${trouble}`);
    changed(trouble);
  }

  /** Why notices don't get through; null when they do. */
  async #fault(): Promise<string | null> {
    const { store, farm, now, reader } = this.#options;
    const at = now();
    const [unseen] = await eventsAfter(store.read, reader.seen, 1);
    if (unseen !== undefined && unseen.at < at - keepsUpMs) {
      return `notices are behind the event log since event ${unseen.number}`;
    }
    const tellBy = at - farm().notify.gatherMs - stuckMs;
    const untold = (await gatheringNotices(store.read)).find((each) => each.created_at < tellBy);
    if (untold !== undefined) return `notice ${untold.id} is not told`;
    const { since } = await waitingDeliveries(store.read);
    if (since === null || since >= at - stuckMs) return null;
    return `a delivery waits since ${new Date(since).toISOString()}`;
  }

  async #ask(url: string, signal: AbortSignal): Promise<string | null> {
    const misfit = heartbeatMisfit(url);
    if (misfit !== null) return `WEIR_HEARTBEAT_URL is no ${misfit}`;
    const { allowsPrivateWebhooks: allowsPrivate } = this.#options.farm().notify;
    return whyNotTaken(await askPublic({ method: 'GET', url, allowsPrivate, signal }));
  }
}
