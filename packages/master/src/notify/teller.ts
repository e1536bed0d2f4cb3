import type { Farm } from '@weir/model';
import type { LogReader } from '../builds/logs/reader.ts';
import type { TestLists } from '../builds/objects/test-lists.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { NoticeRow } from '../store/notices.ts';
import { gatheringNotices } from '../store/notices.ts';
import type { Store } from '../store/store.ts';
import type { Telling } from './telling.ts';
import { tellingOf } from './telling.ts';
import { writeTelling } from './write-telling.ts';

export interface TellerOptions {
  readonly store: Store;
  readonly logs: LogReader;
  readonly tests: TestLists;
  readonly farm: () => Farm;
  /** Where the farm's pages are, without a slash at the end. */
  readonly url: () => string;
  readonly now: Clock;
  readonly log: Log;
  /** Deliveries were written. */
  wrote(): void;
}

/** How often it looks whether what gathers is ready. */
const sweepMs = 2_000;
const calmMs = 1_000;

/** Tells what gathers as soon as it is ready: writes down what it says, and a delivery for each who is told. */
export class Teller {
  readonly #options: TellerOptions;
  /** Since when each notice could be told, as far as that is known. */
  readonly #readySince = new Map<number, number>();
  #isWoken = false;
  #isStopped = false;
  #telling: Promise<void> | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#sweep = setInterval(() => this.wake(), sweepMs).unref();
    this.wake();
  }

  /** Something was written that gathers, or that others wait for. */
  wake(): void {
    this.#isWoken = true;
    this.#telling ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#sweep);
    await this.#telling;
  }

  async #run(): Promise<void> {
    try {
      while (this.#isWoken && !this.#isStopped) {
        this.#isWoken = false;
        await this.#tellAll();
      }
    } catch (error) {
      this.#options.log.warn(`notices are not told yet: ${String(error)}`);
    } finally {
      this.#telling = undefined;
    }
  }

  async #tellAll(): Promise<void> {
    const { store, logs, tests, farm, url, now, log } = this.#options;
    for (const notice of await gatheringNotices(store.read)) {
      if (this.#isStopped) return;
      try {
        const sources = { db: store.read, logs, tests, farm: farm(), url: url() };
        const telling = await tellingOf(sources, notice, now());
        if (telling === null) this.#readySince.delete(notice.id);
        else if (this.#staysReady(notice, telling)) await this.#write(notice, telling);
      } catch (error) {
        log.warn(`notice ${notice.id} is not told yet: ${String(error)}`, { notice: notice.id });
      }
    }
  }

  /**
   * Between a red build and the run that is to confirm it nothing waits for a moment. So a breakage
   * is told when nothing waited at two looks that are some time apart.
   */
  #staysReady({ id }: NoticeRow, { content }: Telling): boolean {
    const { farm, now } = this.#options;
    const isGathered = content.kind === 'breakage-opened' || content.kind === 'breakage-grew';
    if (!isGathered || farm().notify.gatherMs === 0) return true;
    const since = this.#readySince.get(id);
    if (since === undefined) this.#readySince.set(id, now());
    return since !== undefined && now() - since >= calmMs;
  }

  async #write(notice: NoticeRow, telling: Telling): Promise<void> {
    const { store, farm, now } = this.#options;
    const host = farm().notify.from.address.split('@')[1] ?? 'localhost';
    const at = now();
    const isTold = await store.unit((db) => writeTelling(db, notice, telling, { host, at }));
    this.#readySince.delete(notice.id);
    if (isTold) this.#options.wrote();
  }
}
