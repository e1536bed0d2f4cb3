import { countText, numberText, testCount } from '@weir/protocol';
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

/** Whether a person can take the suite of a build with these for the whole: one that ran nothing stays red. */
export function mayAcceptTests(findings: readonly Finding[]): boolean {
  return haveLostTests(findings) && !findings.includes('all-skipped');
}

export interface CountFinding {
  readonly finding: (typeof countFindings)[number];
  /** For people. */
  readonly text: string;
}

type CountedReport = Pick<StepReport, 'state' | 'totals' | 'mismatch'>;

/**
 * Whether a suite lost more of its tests, or skips more of them, than it may, against the report of
 * the build that is the measure. Only reports that were read to their end, and were not cut off before,
 * say how many there are.
 *
 * @param measure with what people call its build
 */
export function judgeCounts(
  measure: CountedReport & { readonly build: string },
  report: CountedReport,
  rules: TestRules,
): CountFinding[] {
  if (!isWhole(measure) || !isWhole(report)) return [];
  const before = testCount(measure.totals);
  const after = testCount(report.totals);
  const [skippedBefore, skipped] = [measure.totals.skipped, report.totals.skipped];
  const found: CountFinding[] = [];
  if (before - after > allowed(before, rules.mayVanishPercent)) {
    const text = `${countText(after, 'test')} where ${measure.build} had ${numberText(before)} (may-vanish allows ${rules.mayVanishPercent} %)`;
    found.push({ finding: 'tests-vanished', text });
  }
  if (skipped - skippedBefore > allowed(before, rules.maySkipPercent)) {
    const text = `${numberText(skipped)} of ${countText(after, 'test')} skipped, and ${numberText(skippedBefore)} of ${numberText(before)} in ${measure.build} (may-skip allows ${rules.maySkipPercent} % more)`;
    found.push({ finding: 'skips-jumped', text });
  }
  return found;
}

function isWhole({ state, mismatch }: CountedReport): boolean {
  return state === 'read' && mismatch === null;
}

function allowed(tests: number, percent: number): number {
  return Math.max(alwaysAllowed, Math.floor((tests * percent) / 100));
}
