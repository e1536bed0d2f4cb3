import type { Result, Verdict } from '@weir/protocol';
import { isConclusive } from '../results/results.ts';

/** A build that ended, and what was known of its builder before. */
export interface EndedRun {
  readonly result: Result;
  readonly before: Verdict;
  /**
   * It built older revisions than those that the builder was judged by: the last green one, or the
   * red one that is suspected or broken.
   */
  readonly isOlder: boolean;
  /** A worker on probation ran it: its red alone proves nothing. */
  readonly onProbation: boolean;
}

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
 * A builder that was never green opens no breakage, and neither does a run of older revisions.
 */
export type Judgement = 'none' | 'suspect' | 'confirm' | 'clear' | 'close';

/**
 * | standing    | green   | red, was green | red, was red | never green |
 * | ----------- | ------- | -------------- | ------------ | ----------- |
 * | none        | none    | suspect        | none         | none        |
 * | suspected   | clear   | confirm        | confirm      | none        |
 * | broken      | close   | none           | none         | none        |
 */
export function judge(run: EndedRun, standing: Standing): Judgement {
  if (!isConclusive(run.result) || run.isOlder) return 'none';
  if (run.result !== 'failure') {
    if (standing === 'broken') return 'close';
    return standing === 'suspected' ? 'clear' : 'none';
  }
  if (standing === 'broken') return 'none';
  if (standing === 'suspected') return run.onProbation ? 'none' : 'confirm';
  return run.before === 'green' ? 'suspect' : 'none';
}
