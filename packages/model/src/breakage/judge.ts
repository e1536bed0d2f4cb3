import type { Result } from '@weir/protocol';
import { isConclusive } from '../results/results.ts';

/** A build that ended, and what was known of its builder before. */
export interface EndedRun {
  readonly result: Result;
  /** Something that it built before was green. */
  readonly wasGreen: boolean;
  /**
   * It built older revisions than those that the builder was judged by: the last green one, or the
   * red one that is suspected, or the one that confirmed its breakage.
   */
  readonly isOlder: boolean;
  /** A worker on probation ran it: its red alone proves nothing. */
  readonly onProbation: boolean;
}

/**
 * So many runs are asked for to confirm one red build, where they come to no result: cancelled, lost,
 * skipped. After that the builder's next build decides.
 */
export const mostConfirmingRuns = 2;

/** What is held against a builder: nothing, one red run that nothing has confirmed, an open breakage. */
export type Standing = 'none' | 'suspected' | 'broken';

/**
 * What a build means for its builder:
 *
 * - `suspect`: it turned red; one `again` run is to confirm that
 * - `confirm`: a second run agrees; a breakage opens, or the builder joins one
 * - `clear`: a second run disagrees; nobody hears of it
 * - `close`: the breakage is over on this builder
 * - `none`: it says nothing new
 *
 * A builder that was never green opens no breakage, and neither does a run of older revisions. What
 * the builder's last build was makes no difference: nothing is held against a red one whose suspicion
 * was dropped, as when the farm file named the builder no more for a while.
 */
export type Judgement = 'none' | 'suspect' | 'confirm' | 'clear' | 'close';

/**
 * | standing    | green   | red, was green once | red, never green |
 * | ----------- | ------- | ------------------- | ---------------- |
 * | none        | none    | suspect             | none             |
 * | suspected   | clear   | confirm             | -                |
 * | broken      | close   | none                | -                |
 */
export function judge(run: EndedRun, standing: Standing): Judgement {
  if (!isConclusive(run.result) || run.isOlder) return 'none';
  if (run.result !== 'failure') {
    if (standing === 'broken') return 'close';
    return standing === 'suspected' ? 'clear' : 'none';
  }
  if (standing === 'broken') return 'none';
  if (standing === 'suspected') return run.onProbation ? 'none' : 'confirm';
  return run.wasGreen ? 'suspect' : 'none';
}
