/** A change that no request was written for yet. */
export interface UnscheduledChange {
  readonly position: number;
  /** When the farm first saw it, milliseconds UTC. */
  readonly seenAt: number;
}

export interface StableTimer {
  /** The branch is stable when nothing came for so long ... */
  readonly stableForMs: number;
  /** ... or when its oldest unscheduled change is so old. */
  readonly maxWaitMs: number;
}

export type Stability =
  | {
      readonly due: true;
      /** The newest position that the requests cover. */ readonly upTo: number;
    }
  | {
      readonly due: false;
      /** When to ask again; null: not before the next change. */ readonly at: number | null;
    };

/** Whether requests are to be written for a branch's unscheduled changes, in any order, at the time `now`. */
export function stability(
  changes: readonly UnscheduledChange[],
  { stableForMs, maxWaitMs }: StableTimer,
  now: number,
): Stability {
  let oldest = Infinity;
  let newest = -Infinity;
  let upTo = -Infinity;
  for (const { position, seenAt } of changes) {
    oldest = Math.min(oldest, seenAt);
    newest = Math.max(newest, seenAt);
    upTo = Math.max(upTo, position);
  }
  if (changes.length === 0) return { due: false, at: null };
  const at = Math.min(newest + stableForMs, oldest + maxWaitMs);
  // A change from the future means that the clock was set back: the branch must not wait for the
  // clock to arrive there again.
  return at <= now || newest > now ? { due: true, upTo } : { due: false, at };
}
