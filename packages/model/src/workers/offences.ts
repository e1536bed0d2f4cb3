/** How often a worker's link was cut off for what it sent, and when last, in milliseconds. */
export interface Offences {
  readonly count: number;
  readonly at: number;
}

/** Who offends no more for so long begins anew. */
const forgivenMs = 600_000;
/** A bug or a bad line: so many cost nothing. */
const free = 8;
const firstMs = 10_000;
const longestMs = 600_000;

/** One more offence. */
export function afterOffence(before: Offences | undefined, now: number): Offences {
  const counts = before !== undefined && now - before.at < forgivenMs;
  return { count: counts ? before.count + 1 : 1, at: now };
}

/**
 * How long the worker must stay away yet: eight offences within ten minutes of each other cost
 * nothing, the next one 10 s, each further one twice as long, 10 min at most. Else it could have the
 * farm do nothing but open and close its links.
 */
export function keptAwayMs(offences: Offences | undefined, now: number): number {
  if (offences === undefined || offences.count <= free) return 0;
  const ms = Math.min(longestMs, firstMs * 2 ** (offences.count - free - 1));
  return Math.max(0, offences.at + ms - now);
}
