import { resultOfFinding, testCount } from '@weir/protocol';
import type { Finding, Result, SeenExpectation, StepReport, TestTotals } from '@weir/protocol';
import type { Outcome } from '../runner/outcome.ts';

/** A step's outcome with its report: both are facts, and where they disagree it is no pass. */
export function judgeReport(end: Outcome, report: StepReport): Outcome {
  const outcome = isExcused(end, report) ? excused(end) : end;
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

/**
 * Whether an exit code is that of failures which the project expects: nothing else failed, and nothing
 * else explains it. What the suite would have said besides them can't be told from it.
 */
function isExcused({ result, exitCode, signal, findings }: Outcome, report: StepReport): boolean {
  const { state, totals, mismatch, expected = [] } = report;
  if (result !== 'failure' || exitCode === null || signal !== null) return false;
  if (state !== 'read' || mismatch !== null || !isClean(totals)) return false;
  const isExplained = findings.some((finding) => finding !== 'log-cap');
  return !isExplained && expected.some(({ failed }) => failed > 0);
}

function excused(end: Outcome): Outcome {
  return { ...end, result: end.findings.length > 0 ? 'warnings' : 'success' };
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
 * disagree it is a finding.
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
  const hasFailed = end.result === 'failure' && end.exitCode !== 0;
  if (hasFailed && !isExplained && state === 'read' && isClean(totals)) {
    findings.push('exit-disagrees');
  }
  if (mismatch !== null) findings.push('plan-mismatch');
  if (ran === 0 && state === 'read') findings.push('all-skipped');
  if (totals.unexpectedPasses > 0 || overcome(report).length > 0) findings.push('unexpected-pass');
  return findings;
}

/** What the project expects to fail, and does not any more. */
function overcome({ state, expected = [] }: StepReport): SeenExpectation[] {
  return state === 'read' ? expected.filter(({ failed }) => failed === 0) : [];
}

function isSaid(result: Result): boolean {
  return result === 'success' || result === 'warnings' || result === 'failure';
}

/** Some suites fail by an unexpected pass. */
function isClean({ failed, unexpectedPasses }: TestTotals): boolean {
  return failed === 0 && unexpectedPasses === 0;
}

/** `3 of 120 tests failed`, for a step that says nothing better of itself. */
function reportText(report: StepReport): string {
  const { state, text, totals, mismatch } = report;
  if (state === 'missing') return `no report: ${text}`;
  if (state === 'invalid' || state === 'capped') return `its report: ${text}`;
  const count = testCount(totals);
  if (totals.failed > 0) return `${totals.failed} of ${count} tests failed`;
  if (mismatch !== null) return mismatch;
  if (count === 0) return 'it ran no tests';
  if (totals.skipped === count) return `all ${count} tests were skipped`;
  if (totals.unexpectedPasses > 0) return `${totals.unexpectedPasses} tests passed unexpectedly`;
  const [over] = overcome(report);
  if (over !== undefined) return `${over.test} passes, and was expected to fail: ${over.issue}`;
  const { expectedFailures } = totals;
  return report.expected === undefined
    ? ''
    : `${expectedFailures} of ${count} tests failed as expected`;
}
