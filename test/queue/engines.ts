import { openQueue } from '../../packages/master/src/queue/open-queue.ts';
import type { Queue, Waiting } from '../../packages/master/src/queue/queue.ts';
import { redisPrefix } from '../../packages/master/src/redis/redis-url.ts';
import { requestRow } from '../../packages/master/test/support/request-row.ts';
import { startSmallFarm } from '../../packages/master/test/web/small-farm.ts';
import type { SmallFarm } from '../../packages/master/test/web/small-farm.ts';

export function waits(id: number, pool: string, urgency: number): Waiting {
  return { request: requestRow({ id }), pool, urgency };
}

/** What the store says waits, and the queues of the engines over it. */
export class Engines implements AsyncDisposable {
  readonly store = new Map<number, Waiting>();
  /** Requests of builders that are not in force yet for an engine. */
  readonly unknown = new Map<Queue, Set<number>>();
  readonly log: string[] = [];
  readonly #queues: Queue[] = [];

  /** Starts an engine's queue as an engine does. */
  async open(redisUrl: string | null, prefix = '{weir-test}'): Promise<Queue> {
    const say = (text: string): void => void this.log.push(text);
    const queue = await openQueue(redisUrl === null ? null : new URL(redisUrl), {
      prefix,
      read: async (ids) => ids.flatMap((id) => this.store.get(id)?.request ?? []),
      waitingOf: (requests) => requests.flatMap(({ id }) => this.#inForce(queue, id)),
      reconcile: async () => this.reconcile(queue),
      changed: () => {},
      log: { info: say, warn: say },
    });
    this.#queues.push(queue);
    this.reconcile(queue);
    return queue;
  }

  /** The sweep of an engine. */
  reconcile(queue: Queue): void {
    queue.reconcile([...this.store.keys()].flatMap((id) => this.#inForce(queue, id)));
  }

  #inForce(queue: Queue, id: number): Waiting[] {
    const waiting = this.store.get(id);
    return waiting === undefined || this.unknown.get(queue)?.has(id) ? [] : [waiting];
  }

  /** An engine writes a request down, and has its queue hold it. */
  ask(queue: Queue, ...requests: readonly Waiting[]): void {
    for (const each of requests) {
      this.store.set(each.request.id, each);
      queue.add(each);
    }
  }

  /** An engine claims a request. */
  claim(queue: Queue, id: number): void {
    queue.remove(id);
    this.store.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue[Symbol.asyncDispose]()));
  }
}

export function idsOf(queue: Queue, pools: readonly string[], n = 100): number[] {
  return queue.candidates(pools, n).map(({ request }) => request.id);
}

/** Looks until it is so. @throws Error when it is not within the time */
export async function soon(
  isSo: () => boolean | Promise<boolean>,
  withinMs = 3_000,
): Promise<void> {
  const until = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > until) throw new Error(`not within ${withinMs} ms: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The pages of a farm with its index in this Redis, and the queue of an engine of it, which found that. */
export async function startFarmWithEngine(
  redisUrl: string,
): Promise<{ farm: SmallFarm; engines: Engines; queue: Queue }> {
  const farm = await startSmallFarm({}, undefined, { redisUrl });
  const engines = new Engines();
  const queue = await engines.open(redisUrl, redisPrefix(farm.facts));
  await soon(() => engines.log.length > 0);
  return { farm, engines, queue };
}
