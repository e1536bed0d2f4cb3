const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** Milliseconds as a farm file writes them: the largest unit that leaves no rest. */
export function formatDuration(ms: number): string {
  for (const [letter, size] of units) {
    if (ms !== 0 && ms % size === 0) return `${ms / size}${letter}`;
  }
  return ms === 0 ? '0s' : `${ms}ms`;
}
