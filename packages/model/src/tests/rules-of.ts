import type { Builder, Farm } from '../farm/farm.ts';
import type { DatedExpectation } from './expected-failures.ts';
import type { TestRules } from './judge-counts.ts';

/** What the farm holds a step's report against, beside the last green build. */
export interface ReportRules extends TestRules {
  /** What its project expects to fail, or did. */
  readonly known: readonly DatedExpectation[];
}

/** What a builder's suite may lose. One that the farm file names no more may lose all. */
export function testRulesOf(
  farm: Farm,
  builder: Pick<Builder, 'upstream' | 'project'> | undefined,
): ReportRules {
  const { upstream = '', project = null } = builder ?? {};
  const family = project === null ? farm.upstreams.get(upstream) : farm.projects.get(project);
  const tests = family?.tests ?? { mayVanishPercent: 100, maySkipPercent: 100 };
  return { ...tests, known: farm.projects.get(project ?? '')?.expectedFailures ?? [] };
}
