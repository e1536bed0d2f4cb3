import { testPattern } from '@weir/protocol';
import type { ExpectedFailure } from '@weir/protocol';

/** A failure that a project knows of, until a day. */
export interface DatedExpectation extends ExpectedFailure {
  /** `2027-01-31`: the last day, in UTC, on which it is expected. */
  readonly until: string;
}

const dayMs = 86_400_000;

/** Those that are not over yet: from the day after its last one a failure counts like any other. */
export function expectedAt(all: readonly DatedExpectation[], now: number): ExpectedFailure[] {
  return all.filter((each) => !isOver(each, now)).map(({ test, issue }) => ({ test, issue }));
}

/** Whether its last day has passed. */
export function isOver({ until }: Pick<DatedExpectation, 'until'>, now: number): boolean {
  return now >= Date.parse(until) + dayMs;
}

/** `parse.* was expected to fail until 2027-01-31: ISSUE`, for failures that were known; else blank. */
export function overText(
  all: readonly DatedExpectation[],
  failed: readonly string[],
  now: number,
): string {
  const over = all.filter((each) => isOver(each, now) && failed.some(testPattern(each.test)));
  return over
    .map(({ test, until, issue }) => `${test} was expected to fail until ${until}: ${issue}`)
    .join('; ');
}
