import { followedBranchesOf } from '@weir/model';
import { Blame } from './blame/blame.ts';
import type { Leases } from './builds/leases.ts';
import { reapEveryMs } from './builds/leases.ts';
import type { LogSink } from './builds/log-sink.ts';
import type { LogReader } from './builds/logs/reader.ts';
import type { ObjectStore } from './builds/objects/object-store.ts';
import type { ObjectUploads } from './builds/objects/object-uploads.ts';
import type { Clock } from './clock.ts';
import type { DiskRoom } from './disk-room.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { FarmInForce } from './farm/in-force.ts';
import type { Log } from './log.ts';
import type { Membership } from './members/membership.ts';
import type { Notifier } from './notify/notifier.ts';
import { startNotifier } from './notify/notifier.ts';
import type { Queue } from './queue/queue.ts';
import { Retain } from './retain/retain.ts';
import { Clocks } from './schedule/clocks.ts';
import { Scheduler } from './schedule/scheduler.ts';
import type { RequestRow } from './store/requests.ts';
import type { Store } from './store/store.ts';
import type { Poller } from './upstream/poller.ts';
import { createPoller } from './upstream/poller.ts';
import { Absences } from './workers/absences.ts';
import type { Probation } from './workers/probation.ts';

export interface LeadingContext {
  readonly store: Store;
  readonly farmInForce: FarmInForce;
  readonly logs: LogSink;
  readonly logReader: LogReader;
  readonly dataDir: string;
  readonly objects: ObjectStore;
  readonly uploads: ObjectUploads;
  readonly room: DiskRoom;
  readonly queue: Queue;
  readonly dispatcher: Dispatcher;
  readonly leases: Leases;
  readonly probation: Probation;
  /** Absent in a farm of one process. */
  readonly membership?: Membership | undefined;
  readonly now: Clock;
  readonly log: Log;
  readonly url: () => string;
  readonly heartbeat: (trouble: string | null) => void;
  readonly artifactsDropped: () => Promise<void>;
  /** Whether no other engine can lead: else nothing is begun. */
  readonly isCertain: () => boolean;
}

const sweepEveryMs = 60_000;

/**
 * What happens once per farm, in the one engine that leads: remotes are asked, builds are scheduled,
 * blame is found, people are told, and what is old or away is given up. One term of it; an engine that
 * leads again makes another.
 */
export class Leading {
  readonly #context: LeadingContext;
  readonly #scheduler: Scheduler;
  readonly #clocks: Clocks;
  readonly #blame: Blame;
  readonly #poller: Poller;
  readonly #absences: Absences;
  readonly #retain: Retain;
  #notifier: Notifier | undefined;
  #isPrepared = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(context: LeadingContext) {
    this.#context = context;
    const { store, now, log, farmInForce, queue, dispatcher, room } = context;
    const { farm, builders } = farmInForce;
    const scheduling = {
      store,
      now,
      log,
      farm,
      builders,
      wrote: (requests: readonly RequestRow[], gone: readonly number[]): void => {
        for (const id of gone) queue.remove(id);
        for (const request of requests) dispatcher.enqueue(request);
        dispatcher.endBlocked().catch((error: unknown) => log.warn(String(error)));
      },
    };
    this.#scheduler = new Scheduler(scheduling);
    this.#clocks = new Clocks(scheduling);
    this.#blame = new Blame({ store, now, log, asked: (request) => dispatcher.enqueue(request) });
    this.#poller = createPoller({
      store,
      farm,
      dataDir: context.dataDir,
      now,
      log,
      hasRoom: () => !room.isLow,
      onChanges: (branch) => this.#scheduler.consider(branch),
    });
    this.#absences = new Absences({ store, now, farm });
    this.#retain = new Retain({
      ...context,
      rules: () => ({
        retention: farm().retention,
        eventRetentionMs: farm().limits.eventRetentionMs,
      }),
    });
  }

  /** The readers of the event log go on where they stopped. */
  async prepare(): Promise<void> {
    const { store, logReader, farmInForce, dataDir, objects, url, now, log, heartbeat } =
      this.#context;
    const { farm } = farmInForce;
    await this.#blame.start();
    await this.#context.probation.start();
    const telling = { store, logs: logReader, farm, dataDir, objects, url, now, log, heartbeat };
    this.#notifier = await startNotifier(telling);
    this.#isPrepared = true;
  }

  /** From here on it acts by itself. */
  start(): void {
    const { leases, room, membership } = this.#context;
    leases.beginReaping();
    this.#retain.start();
    this.farmChanged();
    this.#timers = [
      // While nothing can be written no lease is renewed either.
      this.#every(reapEveryMs, async () => {
        if (!room.isFull) await leases.reap();
        await membership?.dropDead();
      }),
      this.#every(sweepEveryMs, async () => {
        this.considerAll();
        await this.#absences.look();
      }),
    ];
  }

  #every(ms: number, act: () => Promise<unknown>): NodeJS.Timeout {
    const { log, isCertain } = this.#context;
    return setInterval(() => {
      if (isCertain()) act().catch((error: unknown) => log.warn(String(error)));
    }, ms).unref();
  }

  /** Looks at every branch. */
  considerAll(): void {
    const farm = this.#context.farmInForce.farm();
    for (const branch of followedBranchesOf(farm)) this.#scheduler.consider(branch.name);
  }

  /** A worker that counted as missing is back. */
  lookForAbsent(): Promise<void> {
    return this.#absences.look();
  }

  /** Something was committed: the event log's readers read on. */
  wake(): void {
    if (!this.#isPrepared) return;
    this.#blame.wake();
    this.#context.probation.wake();
    this.#notifier?.wake();
  }

  /** Deliveries may have been asked for. */
  deliver(): void {
    this.#notifier?.deliver();
  }

  /** Asks the remotes of one branch now. */
  poll(branch: string): Promise<void> {
    return this.#poller.poll(branch);
  }

  /** Another farm file is in force: its remotes are asked, and its clocks run. */
  farmChanged(): void {
    this.#poller.start();
    this.#clocks.consider();
    this.considerAll();
  }

  /** Writes what follows from the farm file in force; again and again without harm. */
  async followFarm(): Promise<void> {
    await this.#blame.dropUnnamed();
    await this.#notifier?.farmChanged();
  }

  /** Begins nothing more, and lets end what is under way. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([
      this.#retain.stop(),
      this.#poller.stop(),
      this.#scheduler.stop(),
      this.#clocks.stop(),
      this.#blame.stop(),
      this.#context.probation.stop(),
      this.#notifier?.stop(),
    ]);
  }
}
