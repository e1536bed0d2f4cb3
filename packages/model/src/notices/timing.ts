/** A notice that gathers what else one change broke, before it is told. */
export interface Gathering {
  readonly since: number;
  readonly now: number;
  /** The longest that it gathers. */
  readonly gatherMs: number;
  /** Whether a request for the same trunk and commit still waits or runs. */
  readonly isUnsettled: boolean;
}

/** Told as soon as nothing more can come, so that one change that breaks 40 projects is one mail. */
export function isReadyToTell({ since, now, gatherMs, isUnsettled }: Gathering): boolean {
  return !isUnsettled || now >= since + gatherMs;
}

/** So often a delivery is tried: over most of a day at least, with the waits below. */
export const maxTries = 15;

const firstWaitMs = 30_000;
const longestWaitMs = 6 * 3_600_000;

/**
 * How long to wait after so many tries, in milliseconds: doubled each time up to 6 hours, of which
 * `chance` (0 to 1) takes up to a half, so that those who failed together do not come back together.
 */
export function retryWaitMs(tries: number, chance: number): number {
  const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.max(0, tries - 1));
  return Math.round(wait * (1 - chance / 2));
}
