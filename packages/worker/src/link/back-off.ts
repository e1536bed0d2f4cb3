import { reconnectBusyMs, reconnectIdleMs } from '@weir/protocol';

const leastMs = 250;

/**
 * Full jitter: a random time up to a limit, so that a thousand workers don't come back in the same
 * moment. The limit is a quarter of how long the farm has been away: it costs a short absence
 * little, and a long one few tries. While builds run it stays low.
 */
export function backOffMs(awayMs: number, busy: boolean, random: () => number): number {
  const most = busy ? reconnectBusyMs : reconnectIdleMs;
  return Math.round(random() * Math.min(most, Math.max(leastMs, awayMs / 4)));
}
