import { setTimeout as startTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { maxTries, retryWaitMs } from '@weir/model';
import type { Channel } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { DeliveryRow } from '../store/deliveries.ts';
import { dueDeliveries, endTry, nextDeliveryAt } from '../store/deliveries.ts';
import { recordEvents } from '../store/events.ts';
import type { Store } from '../store/store.ts';

/** The receiver will never take it, however often it is tried. */
export class DeliveryRefusedError extends Error {
  override readonly name = 'DeliveryRefusedError';
  readonly code = 'delivery-refused';
}

export interface DelivererOptions {
  readonly store: Store;
  readonly now: Clock;
  readonly log: Log;
  readonly channel: Channel;
  /**
   * Has the receiver take it; false when its recipient wants it no more.
   *
   * @throws DeliveryRefusedError when the receiver refused it for good
   * @throws Error when it may be taken later
   */
  readonly send: (delivery: DeliveryRow) => Promise<boolean>;
  /** How long to wait after so many tries, in milliseconds. */
  readonly waitMs?: (tries: number) => number;
}

/** A crash repeats at most so many: those that a receiver took, and whose being sent was not committed. */
const atOnce = 4;
const longestSleepMs = 60_000;
const insistEveryMs = 5_000;
const stopMs = 5_000;
const maxErrorLength = 500;

/**
 * Takes the deliveries of one channel to their receivers: each until one took it, refused it for
 * good, or it was tried too often. That it was sent is committed after the receiver took it, so a
 * crash in between repeats it, under the same Message-ID.
 */
export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #underWay = new Map<number, Promise<void>>();
  /** Whose tries ended while the outbox was looked at: what was read of them may be older. */
  readonly #endedMeanwhile = new Set<number>();
  #isStopped = false;
  #isLooking = false;
  #isWoken = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Something may be due. */
  wake(): void {
    this.#isWoken = true;
    if (this.#isLooking || this.#isStopped) return;
    this.#isLooking = true;
    this.#look().catch((error: unknown) => {
      this.#isLooking = false;
      this.#options.log.warn(`the outbox was not read: ${String(error)}`);
      this.#sleep(longestSleepMs);
    });
  }

  /** Lets what is under way end; a receiver that takes too long is told again after the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const inTime = setTimeout(stopMs, undefined, { ref: false });
    await Promise.race([Promise.all(this.#underWay.values()), inTime]);
  }

  async #look(): Promise<void> {
    const { store, channel, now } = this.#options;
    while (this.#isWoken && !this.#isStopped) {
      this.#isWoken = false;
      const at = now();
      this.#endedMeanwhile.clear();
      // As many more as are under way: those are due as well until they end.
      const due = await dueDeliveries(store.read, { channel, at, limit: 2 * atOnce });
      for (const delivery of due) this.#begin(delivery);
      const next = await nextDeliveryAt(store.read, { channel, after: at });
      this.#sleep(Math.min(longestSleepMs, Math.max(0, (next ?? Infinity) - now())));
    }
    this.#isLooking = false;
  }

  #begin(delivery: DeliveryRow): void {
    const { id } = delivery;
    if (this.#isStopped || this.#underWay.size >= atOnce) return;
    if (this.#underWay.has(id) || this.#endedMeanwhile.has(id)) return;
    const trying = this.#try(delivery).finally(() => {
      this.#underWay.delete(id);
      this.#endedMeanwhile.add(id);
      this.wake();
    });
    this.#underWay.set(id, trying);
  }

  async #try(delivery: DeliveryRow): Promise<void> {
    try {
      const isWanted = await this.#options.send(delivery);
      await this.#end(delivery, isWanted ? 'sent' : 'dropped', null);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const isFinal = error instanceof DeliveryRefusedError || delivery.tries + 1 >= maxTries;
      await this.#end(delivery, isFinal ? 'failed' : 'waiting', text.slice(0, maxErrorLength));
    }
  }

  async #end(
    delivery: DeliveryRow,
    state: DeliveryRow['state'],
    error: string | null,
  ): Promise<void> {
    const { store, now, log } = this.#options;
    const { waitMs = (tries) => retryWaitMs(tries, Math.random()) } = this.#options;
    const at = now();
    const isOver = state !== 'waiting';
    const not_before = isOver ? delivery.not_before : at + waitMs(delivery.tries + 1);
    const kind = isOver ? `delivery.${state}` : 'delivery.deferred';
    const write = (): Promise<void> =>
      store.unit(async (db) => {
        const end = { state, not_before, error, ended_at: isOver ? at : null };
        if (!(await endTry(db, delivery, end))) return;
        const data = { notice: delivery.notice_id, channel: delivery.channel };
        const event = { at, kind, actor: 'engine', subject: `delivery/${delivery.id}`, data };
        await recordEvents(db, [event]);
      });
    await this.#insist(delivery.id, write);
    if (state !== 'failed') return;
    const about = { delivery: delivery.id, notice: delivery.notice_id };
    log.warn(`delivery ${delivery.id} failed: ${error ?? ''}`, about);
  }

  /** A store that fails for a while must not have the same message sent again and again. */
  async #insist(id: number, write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (failure) {
        const { log } = this.#options;
        log.warn(`how delivery ${id} ended is not stored yet: ${String(failure)}`, {
          delivery: id,
        });
        if (this.#isStopped) return;
        await setTimeout(insistEveryMs, undefined, { ref: false });
      }
    }
  }

  #sleep(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = startTimer(() => this.wake(), ms).unref();
  }
}
