const dayMs = 86_400_000;

/** The log file that a build started then writes to: its ISO 8601 week in UTC, as `2026-w47`. */
export function logFileOf(at: number): string {
  // A week belongs to the year that holds its Thursday.
  const thursday = new Date(at + (4 - (new Date(at).getUTCDay() || 7)) * dayMs);
  const year = thursday.getUTCFullYear();
  const week = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1;
  return `${year}-w${String(week).padStart(2, '0')}`;
}
