/** What of a worker says whether somebody should look after it. */
export interface Absence {
  readonly online: boolean;
  /** Paused by anyone, or taken away by its owner: nobody expects it. */
  readonly isExcused: boolean;
  /** How long it was away while an engine ran that would have seen it, in milliseconds. */
  readonly absentMs: number;
  readonly isMissing: boolean;
}

/**
 * Whether a worker goes missing or comes back. The time when no engine ran does not count: when the
 * farm itself was away, no machine is missing for that.
 */
export function missingChange(
  { online, isExcused, absentMs, isMissing }: Absence,
  missingAfterMs: number,
): 'missing' | 'back' | null {
  if (online) return isMissing ? 'back' : null;
  if (isMissing || isExcused) return null;
  return absentMs >= missingAfterMs ? 'missing' : null;
}
