import { countText, numberText, resultOfFinding, testCount } from '@weir/protocol';
import type { Finding, Result, SeenExpectation, StepReport, TestTotals } from '@weir/protocol';
import type { Outcome } from '../runner/outcome.ts';
import { cut } from './words.ts';

const maxText = 500;

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
    text: textOf(outcome, report, added),
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
function textOf(end: Outcome, report: StepReport, added: readonly Finding[]): string {
  const { text, exitCode, findings } = end;
  const isPlain = text === '' || (findings.length === 0 && text === `exit code ${exitCode}`);
  const said = reportText(report);
  if (added.includes('exit-disagrees')) {
    const words = `exit code ${exitCode}, though ${said === '' ? passedText(report) : said}`;
    return cut(isPlain ? words : `${text}; ${words}`, maxText);
  }
  if (said === '' || !isPlain) return text;
  return cut(text === '' ? said : `${said}, ${text}`, maxText);
}

function passedText({ totals }: StepReport): string {
  const ran = testCount(totals) - totals.skipped;
  return ran === 1 ? 'its one test passed' : `all ${numberText(ran)} tests passed`;
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
  // A plan that was not kept is reason enough to fail.
  const isWhole = state === 'read' && mismatch === null;
  if (hasFailed && !isExplained && isWhole && isClean(totals)) findings.push('exit-disagrees');
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
  const failed = `${numberText(totals.failed)} of ${countText(count, 'test')} failed`;
  if (mismatch !== null) return totals.failed > 0 ? `${failed}; ${mismatch}` : mismatch;
  if (totals.failed > 0) return failed;
  if (count === 0) return text === '' ? 'it ran no tests' : `it ran no tests: ${text}`;
  if (totals.skipped === count) {
    return count === 1 ? 'its one test was skipped' : `all ${numberText(count)} tests were skipped`;
  }
  const [over] = overcome(report);
  if (over !== undefined) return `${over.test} passes, and was expected to fail: ${over.issue}`;
  const { unexpectedPasses, expectedFailures } = totals;
  if (unexpectedPasses > 0) return `${countText(unexpectedPasses, 'test')} passed unexpectedly`;
  return report.expected === undefined
    ? ''
    : `${numberText(expectedFailures)} of ${countText(count, 'test')} failed as expected`;
}
