import type { RequestRow } from '../store/requests.ts';

/** The labels that a request needs, as one key: requests of one pool fit the same workers. */
export type Pool = string;

/** A request that waits, with the pool that it waits in. */
export interface Waiting {
  readonly request: RequestRow;
  readonly pool: Pool;
}

/**
 * An index of what waits. It owns nothing: the store is the truth, and a guarded UPDATE claims.
 * Whatever it delivers it may deliver twice.
 */
export interface Queue {
  add(waiting: Waiting): void;
  remove(requestId: number): void;
  /** The oldest `n` of each of the pools. */
  candidates(pools: readonly Pool[], n: number): readonly Waiting[];
}

export function poolOf(labels: readonly string[]): Pool {
  return labels.toSorted().join(',');
}
