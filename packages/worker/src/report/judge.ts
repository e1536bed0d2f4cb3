import { resultOfFinding, testCount } from '@weir/protocol';
import type { Finding, Result, StepReport, TestTotals } from '@weir/protocol';
import type { Outcome } from '../runner/outcome.ts';

/** A step's outcome with its report: both are facts, and where they disagree it is no pass. */
export function judgeReport(outcome: Outcome, report: StepReport): Outcome {
  const added = reportFindings(outcome, report);
  const findings = [...outcome.findings, ...added];
  const results = added.map((finding) => resultOfFinding[finding]);
  const result = results.includes('failure') ? 'failure' : outcome.result;
  const isWarned = result === 'success' && results.includes('warnings');
  return {
    ...outcome,
    result: isWarned ? 'warnings' : result,
    findings,
    text: textOf(outcome, report),
  };
}

/** The process's own words, unless the report has better ones than that it failed. */
function textOf({ text, exitCode, findings }: Outcome, report: StepReport): string {
  const said = reportText(report);
  const isPlain = text === '' || (findings.length === 0 && text === `exit code ${exitCode}`);
  if (said === '' || !isPlain) return text;
  return (text === '' ? said : `${said}, ${text}`).slice(0, 500);
}

/**
 * What a step's report adds to what its process says: the two are facts of their own, and where they
 * disagree it is a finding. Nothing here can make a step pass that failed.
 */
function reportFindings(end: Outcome, report: StepReport): Finding[] {
  // What infrastructure or a person ended says nothing, and neither does its report.
  if (!isSaid(end.result)) return [];
  const { state, totals, mismatch } = report;
  if (state === 'missing') return ['report-missing'];
  if (state === 'invalid') return ['report-invalid'];
  const findings: Finding[] = [];
  if (state === 'capped') findings.push('report-cap');
  const ran = testCount(totals) - totals.skipped;
  const isExplained = end.findings.length > 0;
  if (end.exitCode === 0 && totals.failed > 0) findings.push('exit-disagrees');
  if (end.exitCode !== 0 && !isExplained && state === 'read' && isClean(totals)) {
    findings.push('exit-disagrees');
  }
  if (mismatch !== null) findings.push('plan-mismatch');
  if (ran === 0 && state === 'read') findings.push('all-skipped');
  if (totals.unexpectedPasses > 0) findings.push('unexpected-pass');
  return findings;
}

function isSaid(result: Result): boolean {
  return result === 'success' || result === 'warnings' || result === 'failure';
}

/** Some suites fail by an unexpected pass. */
function isClean({ failed, unexpectedPasses }: TestTotals): boolean {
  return failed === 0 && unexpectedPasses === 0;
}

/** `3 of 120 tests failed`, for a step that says nothing better of itself. */
function reportText({ state, text, totals, mismatch }: StepReport): string {
  if (state === 'missing') return `no report: ${text}`;
  if (state === 'invalid' || state === 'capped') return `its report: ${text}`;
  const count = testCount(totals);
  if (totals.failed > 0) return `${totals.failed} of ${count} tests failed`;
  if (mismatch !== null) return mismatch;
  if (count === 0) return 'it ran no tests';
  if (totals.skipped === count) return `all ${count} tests were skipped`;
  if (totals.unexpectedPasses > 0) return `${totals.unexpectedPasses} tests passed unexpectedly`;
  return '';
}
