import type { BuilderFacts, Order } from '@weir/model';
import { runtimeKey, urgency, urgencyOf } from '@weir/model';
import type { RequestRow } from '../store/requests.ts';
import { toWaiting } from '../store/requests.ts';

/**
 * The labels that a request needs and the runtime that it waits for, as one key: requests of one pool
 * fit the same workers, at the same time.
 */
export type Pool = string;

/** A request that waits, with the pool that it waits in. */
export interface Waiting {
  readonly request: RequestRow;
  readonly pool: Pool;
  /** `urgencyOf` when it was added: the lower, the sooner. */
  readonly urgency: number;
}

/**
 * An index of what waits. It owns nothing: the store is the truth, and a guarded UPDATE claims.
 * Whatever it delivers it may deliver twice. Nothing here waits for anybody: a driver that tells
 * others does so afterwards.
 */
export interface Queue extends AsyncDisposable {
  /** A request waits, newly or again: it is held once, as it was added last. */
  add(waiting: Waiting): void;
  remove(requestId: number): void;
  /** The `n` most urgent of each of the pools; of equal urgency, those that were added first. */
  candidates(pools: readonly Pool[], n: number): readonly Waiting[];
  /** The pools that hold something. */
  pools(): readonly Pool[];
  /** This is all that waits, as the store says: makes up for whatever was missed. */
  reconcile(waiting: readonly Waiting[]): void;
}

/** A request of this builder as the queue holds it. */
export function waitingOf(
  request: RequestRow,
  builder: BuilderFacts,
  order: Order = urgency,
): Waiting {
  const labels = builder.labels.toSorted().join(',');
  const runtime = runtimeKey(builder.runtimeBuilderId, request.upstream_commit);
  return {
    request,
    pool: builder.kind === 'runtime' ? labels : `${labels} ${runtime}`,
    urgency: urgencyOf({ request: toWaiting(request), builder }, order),
  };
}
