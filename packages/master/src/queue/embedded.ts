import type { Pool, Queue, Waiting } from './queue.ts';

/** The queue of a farm on one machine: in memory. */
export class EmbeddedQueue implements Queue {
  readonly #pools = new Map<Pool, Map<number, Waiting>>();
  readonly #poolOf = new Map<number, Pool>();

  add(waiting: Waiting): void {
    const { id } = waiting.request;
    this.remove(id);
    const pool = this.#pools.get(waiting.pool) ?? new Map<number, Waiting>();
    this.#pools.set(waiting.pool, pool);
    pool.set(id, waiting);
    this.#poolOf.set(id, waiting.pool);
  }

  remove(requestId: number): void {
    const name = this.#poolOf.get(requestId);
    if (name === undefined) return;
    const pool = this.#pools.get(name);
    pool?.delete(requestId);
    if (pool?.size === 0) this.#pools.delete(name);
    this.#poolOf.delete(requestId);
  }

  candidates(pools: readonly Pool[], n: number): readonly Waiting[] {
    return pools.flatMap((name) => {
      const pool = this.#pools.get(name);
      if (pool === undefined) return [];
      return [...pool.values()].toSorted((a, b) => a.request.id - b.request.id).slice(0, n);
    });
  }

  pools(): readonly Pool[] {
    return [...this.#pools.keys()];
  }

  ids(): readonly number[] {
    return [...this.#poolOf.keys()];
  }
}
