const leastMs = 3_600_000;
const usualTimes = 4;

/**
 * Whether a builder's verdict is old news: something has waited for it for an hour, and for four
 * times as long as it usually takes. An old green with nothing to build is not stale.
 */
export function isStale(
  oldestWaitSince: number | null,
  usualMs: number | null,
  now: number,
): boolean {
  if (oldestWaitSince === null) return false;
  return now - oldestWaitSince > Math.max(leastMs, usualTimes * (usualMs ?? 0));
}
