import type { Builder, Farm } from '../farm/farm.ts';
import type { TestRules } from './judge-counts.ts';

/** What a builder's suite may lose. One that the farm file names no more may lose all. */
export function testRulesOf(
  farm: Farm,
  builder: Pick<Builder, 'upstream' | 'project'> | undefined,
): TestRules {
  const { upstream = '', project = null } = builder ?? {};
  const family = project === null ? farm.upstreams.get(upstream) : farm.projects.get(project);
  return family?.tests ?? { mayVanishPercent: 100, maySkipPercent: 100 };
}
