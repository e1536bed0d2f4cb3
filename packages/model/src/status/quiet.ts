const leastMs = 3_600_000;
const usualTimes = 2;

/**
 * Whether a builder has fallen silent: it has had no result for twice as long as there usually is
 * between two of its results, and for an hour at least.
 *
 * @param usualGapMs null when too few results are known to say what is usual
 */
export function isQuiet(
  lastResultAt: number | null,
  usualGapMs: number | null,
  now: number,
): boolean {
  if (lastResultAt === null || usualGapMs === null) return false;
  return now - lastResultAt > Math.max(leastMs, usualTimes * usualGapMs);
}
