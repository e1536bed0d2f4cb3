import type { ExpectedFailure } from '@weir/protocol';

/** A failure that a project knows of, until a day. */
export interface DatedExpectation extends ExpectedFailure {
  /** `2027-01-31`: the last day, in UTC, on which it is expected. */
  readonly until: string;
}

const dayMs = 86_400_000;

/** Those that are not over yet: from the day after its last one a failure counts like any other. */
export function expectedAt(all: readonly DatedExpectation[], now: number): ExpectedFailure[] {
  return all
    .filter(({ until }) => now < Date.parse(until) + dayMs)
    .map(({ test, issue }) => ({ test, issue }));
}
