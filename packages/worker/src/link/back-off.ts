import { reconnectBusyMs, reconnectIdleMs } from '@weir/protocol';

const firstMs = 200;

/**
 * Full jitter: a random time up to a limit that doubles with each failure, so that a thousand
 * workers don't come back in the same second. While builds run the limit stays low.
 */
export function backOffMs(failures: number, busy: boolean, random: () => number): number {
  const most = busy ? reconnectBusyMs : reconnectIdleMs;
  return Math.round(random() * Math.min(most, firstMs * 2 ** failures));
}
