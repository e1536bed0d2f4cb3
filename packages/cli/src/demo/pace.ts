import { once } from 'node:events';
import type { Interface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

export interface PaceOptions {
  readonly pauseMs: number;
  /** Each of its lines lands a commit at once. */
  readonly lines: Interface;
  readonly signal: AbortSignal;
}

/** Resolves after the pause or a line, whichever is first: with false when the signal ends the wait. */
export async function nextBeat({ pauseMs, lines, signal }: PaceOptions): Promise<boolean> {
  const settled = new AbortController();
  const either = AbortSignal.any([signal, settled.signal]);
  const waits = [
    setTimeout(pauseMs, undefined, { signal: either }),
    once(lines, 'line', { signal: either }),
  ];
  try {
    await Promise.race(waits);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    settled.abort();
    await Promise.allSettled(waits);
  }
}
