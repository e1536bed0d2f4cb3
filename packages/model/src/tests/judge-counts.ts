import { testCount } from '@weir/protocol';
import type { Finding, StepReport } from '@weir/protocol';

/** How much of a suite may go from one build to the next, in percent of the first one's tests. */
export interface TestRules {
  readonly mayVanishPercent: number;
  /** So many more may be skipped. */
  readonly maySkipPercent: number;
}

/** A single test may always go, or be skipped: in a small suite it would be more than its share. */
const alwaysAllowed = 1;

/** What is found by counting. */
const countFindings = ['tests-vanished', 'skips-jumped'] as const satisfies readonly Finding[];

/** Whether these say that a suite lost tests. */
export function haveLostTests(findings: readonly Finding[]): boolean {
  return countFindings.some((finding) => findings.includes(finding));
}

export interface CountFinding {
  readonly finding: (typeof countFindings)[number];
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
  if (before - after > allowed(before, rules.mayVanishPercent)) {
    const text = `${after} tests where ${measure.build} had ${before}: ${rules.mayVanishPercent} % may go`;
    found.push({ finding: 'tests-vanished', text });
  }
  if (skipped - skippedBefore > allowed(before, rules.maySkipPercent)) {
    const text = `${skipped} of ${after} tests skipped, and ${skippedBefore} of ${before} in ${measure.build}: ${rules.maySkipPercent} % more may be`;
    found.push({ finding: 'skips-jumped', text });
  }
  return found;
}

function allowed(tests: number, percent: number): number {
  return Math.max(alwaysAllowed, Math.floor((tests * percent) / 100));
}
