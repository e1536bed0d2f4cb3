import { testCount } from '@weir/protocol';
import type { Finding, StepReport } from '@weir/protocol';

/** How much of a suite may go from the last green build to this one, as shares of that build's tests. */
export interface TestRules {
  /** 0.1: one in ten of the tests may be gone. */
  readonly mayVanish: number;
  /** 0.1: one in ten may be skipped that was not. */
  readonly maySkip: number;
}

/** What a project has that says nothing else. */
export const defaultTestRules: TestRules = { mayVanish: 0.1, maySkip: 0.1 };

/** A single test may always go, or be skipped: in a small suite it would be more than its share. */
const alwaysAllowed = 1;

export interface CountFinding {
  readonly finding: Extract<Finding, 'tests-vanished' | 'skips-jumped'>;
  /** For people. */
  readonly text: string;
}

type CountedReport = Pick<StepReport, 'state' | 'totals'>;

/**
 * Whether a suite lost more of its tests, or skips more of them, than it may, against the report of
 * the build that is the measure. Only reports that were read to their end say how many there are.
 *
 * @param measure with what people call its build
 */
export function judgeCounts(
  measure: CountedReport & { readonly build: string },
  report: CountedReport,
  rules: TestRules,
): CountFinding[] {
  if (measure.state !== 'read' || report.state !== 'read') return [];
  const before = testCount(measure.totals);
  const after = testCount(report.totals);
  const [skippedBefore, skipped] = [measure.totals.skipped, report.totals.skipped];
  const found: CountFinding[] = [];
  if (before - after > allowed(before, rules.mayVanish)) {
    const text = `${after} tests where ${measure.build} had ${before}: ${percent(rules.mayVanish)} may go`;
    found.push({ finding: 'tests-vanished', text });
  }
  if (skipped - skippedBefore > allowed(before, rules.maySkip)) {
    const text = `${skipped} of ${after} tests skipped, and ${skippedBefore} of ${before} in ${measure.build}: ${percent(rules.maySkip)} more may be`;
    found.push({ finding: 'skips-jumped', text });
  }
  return found;
}

function allowed(tests: number, share: number): number {
  // 0.29 * 100 is a little less than 29.
  return Math.max(alwaysAllowed, Math.floor(tests * share + 1e-9));
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}
