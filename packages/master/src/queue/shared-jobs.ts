import type { JobsOptions } from 'bullmq';
import { Queue as JobQueue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Waiting } from './queue.ts';

/** Of what is written at once. */
const bulk = 1_000;

/** BullMQ knows 0 for "none", and no more than this. */
const lowestPriority = 2_097_151;

const readMs = 1_000;

const isDoneWith: JobsOptions = { removeOnComplete: true, removeOnFail: true };

/** As BullMQ knows it. */
export const requestsQueue = 'requests';
/** For who only looks: BullMQ writes down its version and limits when a queue is opened, unless it is told not to. */
export const onlyReads = { skipVersionCheck: true, skipMetasUpdate: true } as const;

export interface SharedJobsOptions {
  readonly prefix: string;
  /** This engine, among all that ever run. */
  readonly engine: string;
  /** Events from this one on, milliseconds of Redis' clock. */
  readonly since: number;
  /** Another engine added a request, newly or again. */
  readonly added: (id: number) => void;
  /** Another engine removed a request. */
  readonly removed: (id: number) => void;
}

/** What waits, as jobs in Redis. A job is called like the engine that added it. */
export class SharedJobs {
  readonly #jobs: JobQueue;
  readonly #events: QueueEvents;
  readonly #engine: string;
  /** Those that this engine removed and has not heard of again. */
  readonly #removed = new Set<string>();

  /** Both links are up, and closed by whoever made them; `listening` is for this alone. */
  constructor(redis: Redis, listening: Redis, options: SharedJobsOptions) {
    const { prefix, engine, since } = options;
    this.#engine = engine;
    const common = { prefix, skipVersionCheck: true };
    this.#jobs = new JobQueue(requestsQueue, { ...common, connection: redis });
    this.#events = new QueueEvents(requestsQueue, {
      ...common,
      connection: listening,
      // Not '$', which means another moment each time that it is asked for.
      lastEventId: `${since}-0`,
      // BullMQ's timer for a read that hangs keeps the process alive until it runs out.
      blockingTimeout: readMs,
    });
    this.#jobs.on('error', () => {});
    this.#events.on('error', () => {});
    this.#follow(options);
  }

  async add(waits: readonly Waiting[]): Promise<void> {
    for (let start = 0; start < waits.length; start += bulk) {
      await this.#jobs.addBulk(waits.slice(start, start + bulk).map((each) => this.#jobOf(each)));
    }
  }

  async remove(ids: readonly number[]): Promise<void> {
    for (let start = 0; start < ids.length; start += bulk) {
      await Promise.all(ids.slice(start, start + bulk).map((id) => this.#remove(jobIdOf(id))));
    }
  }

  /** The requests that Redis says wait. */
  async ids(): Promise<Set<number>> {
    const jobs = await this.#jobs.getRanges(['prioritized', 'waiting'], 0, -1);
    return new Set(jobs.map(requestOf).filter((id) => id !== undefined));
  }

  /** Events were missed: what was to be heard of may never be. */
  forget(): void {
    this.#removed.clear();
  }

  /** Without waiting: of a link that is not up BullMQ never hears that it ended. */
  close(): void {
    for (const each of [this.#jobs, this.#events]) each.close().catch(() => {});
  }

  #follow({ added, removed }: SharedJobsOptions): void {
    const heard = ({ jobId, name }: { jobId: string; name?: string }): void => {
      const id = requestOf(jobId);
      if (id !== undefined && name !== this.#engine) added(id);
    };
    this.#events.on('added', heard);
    this.#events.on('duplicated', heard);
    this.#events.on('removed', ({ jobId }) => {
      const id = requestOf(jobId);
      const isOwn = this.#removed.delete(jobId);
      if (id !== undefined && !isOwn) removed(id);
    });
  }

  #jobOf({ request, pool, urgency }: Waiting) {
    const priority = Math.min(Math.max(1, Math.floor(urgency) + 1), lowestPriority);
    return {
      name: this.#engine,
      data: { pool },
      opts: { ...isDoneWith, jobId: jobIdOf(request.id), priority },
    };
  }

  async #remove(jobId: string): Promise<void> {
    this.#removed.add(jobId);
    if ((await this.#jobs.remove(jobId)) === 0) this.#removed.delete(jobId);
  }
}

/** BullMQ takes no number for an id. */
function jobIdOf(request: number): string {
  return `request-${request}`;
}

/** The id of the request that a job stands for; undefined for a job of another make. */
export function requestOf(jobId: string): number | undefined {
  const digits = /^request-(\d{1,15})$/.exec(jobId)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
