import type { Pool, Queue, Waiting } from './queue.ts';

/** What waits in one pool: by urgency, and of one urgency in the order in which it was added. */
type Waits = Map<number, Map<number, Waiting>>;

/** The queue of a farm on one machine: in memory. */
export class EmbeddedQueue implements Queue {
  readonly #pools = new Map<Pool, Waits>();
  readonly #waiting = new Map<number, Waiting>();

  add(waiting: Waiting): void {
    const { request, pool: name, urgency } = waiting;
    this.remove(request.id);
    const pool: Waits = this.#pools.get(name) ?? new Map();
    const equals = pool.get(urgency) ?? new Map<number, Waiting>();
    this.#pools.set(name, pool.set(urgency, equals.set(request.id, waiting)));
    this.#waiting.set(request.id, waiting);
  }

  remove(requestId: number): void {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return;
    this.#waiting.delete(requestId);
    const pool = this.#pools.get(waiting.pool);
    const equals = pool?.get(waiting.urgency);
    equals?.delete(requestId);
    if (equals?.size === 0) pool?.delete(waiting.urgency);
    if (pool?.size === 0) this.#pools.delete(waiting.pool);
  }

  candidates(pools: readonly Pool[], n: number): readonly Waiting[] {
    return pools.flatMap((name) => {
      const pool = this.#pools.get(name);
      return pool === undefined ? [] : mostUrgent(pool, n);
    });
  }

  pools(): readonly Pool[] {
    return [...this.#pools.keys()];
  }

  reconcile(waiting: readonly Waiting[]): void {
    const ids = new Set(waiting.map(({ request }) => request.id));
    for (const id of this.#waiting.keys()) if (!ids.has(id)) this.remove(id);
    for (const each of waiting) this.add(each);
  }

  has(requestId: number): boolean {
    return this.#waiting.has(requestId);
  }

  all(): Iterable<Waiting> {
    return this.#waiting.values();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function mostUrgent(pool: Waits, n: number): Waiting[] {
  const chosen: Waiting[] = [];
  for (const urgency of [...pool.keys()].toSorted((a, b) => a - b)) {
    for (const waiting of pool.get(urgency)?.values() ?? []) {
      if (chosen.length === n) return chosen;
      chosen.push(waiting);
    }
  }
  return chosen;
}
