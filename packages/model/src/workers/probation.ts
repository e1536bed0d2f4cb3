import type { Result } from '@weir/protocol';
import { isConclusive } from '../results/results.ts';

/** So many agreements in a row make a worker on probation a normal one. */
export const agreementsNeeded = 3;

const minute = 60_000;
const firstWaitMs = 10 * minute;
const longestWaitMs = 24 * 60 * minute;

/**
 * How a build of a worker on probation counts for it:
 *
 * - `known`: it repeats a build that was green on a worker beyond doubt, so the answer is known
 * - `runtime`: it makes the runtime that such a build needs
 * - `open`: an ordinary build, given to it because the farm knows no answer that it could repeat
 */
export type Trial = 'known' | 'runtime' | 'open';

/** What a worker on probation has shown so far. */
export interface ProbationStanding {
  /** Agreements since the last disagreement. */
  readonly agreed: number;
  readonly disagreed: number;
  /** No build with a known answer before then. */
  readonly notBefore: number | null;
}

export interface TrialEnd {
  readonly outcome: 'none' | 'agreed' | 'promoted' | 'disagreed';
  readonly standing: ProbationStanding;
}

/**
 * | trial   | green  | red       | anything else |
 * | ------- | ------ | --------- | ------------- |
 * | known   | agreed | disagreed | none          |
 * | runtime | none   | disagreed | none          |
 * | open    | agreed | none      | none          |
 *
 * The last agreement needed promotes. A disagreement starts the count again, after a wait that
 * grows fourfold each time, from 10 minutes up to a day.
 */
export function afterTrial(
  standing: ProbationStanding,
  run: { readonly trial: Trial; readonly result: Result },
  now: number,
): TrialEnd {
  const { trial, result } = run;
  if (!isConclusive(result)) return { outcome: 'none', standing };
  if (result === 'failure') {
    if (trial === 'open') return { outcome: 'none', standing };
    const disagreed = standing.disagreed + 1;
    const notBefore = now + waitMs(disagreed);
    return { outcome: 'disagreed', standing: { agreed: 0, disagreed, notBefore } };
  }
  if (trial === 'runtime') return { outcome: 'none', standing };
  const agreed = standing.agreed + 1;
  const outcome = agreed >= agreementsNeeded ? 'promoted' : 'agreed';
  return { outcome, standing: { ...standing, agreed, notBefore: null } };
}

function waitMs(disagreed: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 4 ** (disagreed - 1));
}

/** A build whose answer is known: the newest green one of its builder. */
export interface KnownAnswer {
  readonly builderId: number;
  readonly buildId: number;
  /** How long the builder usually takes, in milliseconds. */
  readonly usualMs: number;
  /** How often this worker has repeated one of this builder. */
  readonly repeats: number;
}

/** The build to repeat next: of the builder it repeated least, then the shortest. */
export function nextTrial(known: readonly KnownAnswer[]): KnownAnswer | undefined {
  return known.toSorted(
    (a, b) => a.repeats - b.repeats || a.usualMs - b.usualMs || a.builderId - b.builderId,
  )[0];
}
