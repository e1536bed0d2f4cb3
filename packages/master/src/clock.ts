import { performance } from 'node:perf_hooks';

/** Milliseconds UTC. */
export type Clock = () => number;

/**
 * A clock set once, when the engine starts, and moved by the monotonic clock from then on: a wall
 * clock that jumps moves no lease and no timer.
 */
export function anchoredClock(): Clock {
  const anchor = Date.now() - performance.now();
  return () => Math.round(anchor + performance.now());
}
