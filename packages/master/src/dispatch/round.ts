import type { Assignments, DispatchFacts, Order } from '@weir/model';
import { assign, runtimeKey, urgency } from '@weir/model';
import type { Pool, Queue, Waiting } from '../queue/queue.ts';
import type { RequestRow } from '../store/requests.ts';
import { toWaiting } from '../store/requests.ts';
import { FreeByLabels } from './free-by-labels.ts';

/** Of a pool that nothing can be placed from so many are looked at: its runtime may have to be asked for. */
const glance = 8;
/** Of any other one, so many and two for each free slot ... */
const firstLook = 16;
/** ... and so many times more, as long as slots stay free for what is further behind ... */
const deeper = 8;
/** ... up to this. */
const deepest = 5_000;

/** What one round of dispatching decides. */
export interface Round extends Assignments {
  /** The requests that were looked at, by id. */
  readonly waiting: ReadonlyMap<number, RequestRow>;
  /** When the next request that is backing off becomes due, milliseconds UTC; null: none is. */
  readonly dueAt: number | null;
  /** Slots stay free, and there is more for them than was looked at: another round is due at once. */
  readonly isMore: boolean;
}

type DecidingQueue = Pick<Queue, 'candidates' | 'pools'>;
type Around = Omit<DispatchFacts, 'requests'>;

/**
 * Chooses among what the queue holds. What it looks at grows with the free slots, not with what
 * waits. `around` is read only when something waits.
 */
export function decide(queue: DecidingQueue, around: () => Around, order: Order = urgency): Round {
  const pools = queue.pools();
  if (pools.length === 0) {
    return { waiting: new Map(), assigned: [], runtimesNeeded: [], dueAt: null, isMore: false };
  }
  const facts = around();
  for (let factor = 1; ; factor *= deeper) {
    const look = lookAt(queue, pools, facts, factor);
    const round = decideAmong(look.waiting, facts, order);
    const isMore = look.cut.some((labels) => look.free.isLeft(labels, round.assigned));
    if (!isMore || round.assigned.length > 0) return { ...round, isMore };
  }
}

interface Look {
  readonly waiting: readonly Waiting[];
  /** The labels of each pool that holds more than was looked at, though slots are free for it. */
  readonly cut: readonly (readonly string[])[];
  readonly free: FreeByLabels;
}

function lookAt(queue: DecidingQueue, pools: readonly Pool[], facts: Around, factor: number): Look {
  const free = new FreeByLabels(facts.workers);
  const waiting: Waiting[] = [];
  const cut: (readonly string[])[] = [];
  for (const pool of pools) {
    const first = queue.candidates([pool], 1)[0];
    const builder = first && facts.builders.get(first.request.builder_id);
    if (builder === undefined) continue;
    const { labels, kind, artifacts: policy } = builder;
    const slots = free.slots(labels);
    const runtime = runtimeKey(builder.runtimeBuilderId, first?.request.upstream_commit ?? '');
    const isReady = policy === 'same-worker' || facts.artifacts.has(runtime);
    // Runtimes are few, and what waits of them decides what is asked for: all are looked at.
    const wanted = (firstLook + 2 * slots) * factor;
    const isOpen = slots > 0 && isReady;
    const n = kind === 'runtime' ? deepest : isOpen ? Math.min(deepest, wanted) : glance;
    const seen = queue.candidates([pool], n);
    waiting.push(...seen);
    if (isOpen && seen.length === n && n < deepest) cut.push(labels);
  }
  return { waiting, cut, free };
}

function decideAmong(
  candidates: readonly Waiting[],
  around: Around,
  order: Order,
): Omit<Round, 'isMore'> {
  const waiting = new Map(candidates.map(({ request }) => [request.id, request]));
  const facts = { ...around, requests: [...waiting.values()].map(toWaiting) };
  const { assigned, runtimesNeeded } = assign(facts, order);
  return { waiting, assigned, runtimesNeeded, dueAt: nextDue(facts) };
}

function nextDue({ requests, now }: Pick<DispatchFacts, 'requests' | 'now'>): number | null {
  let dueAt: number | null = null;
  for (const { notBefore } of requests) {
    if (notBefore === null || notBefore <= now) continue;
    dueAt = Math.min(dueAt ?? Infinity, notBefore);
  }
  return dueAt;
}
