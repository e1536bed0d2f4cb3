import { type Finding, findings as findingWords, type Result } from '@weir/protocol';

/**
 * What a finding makes of the step that has it, however the process ended. `failure` where the step
 * can't be taken for a pass, `warnings` where it can but something was cut or changed, `skipped`
 * where it could not be tried at all.
 */
export const resultOfFinding: Readonly<Record<Finding, Result>> = {
  'report-missing': 'failure',
  'report-invalid': 'failure',
  'exit-disagrees': 'failure',
  'plan-mismatch': 'failure',
  'all-skipped': 'failure',
  'tests-vanished': 'warnings',
  'skips-jumped': 'warnings',
  'killed-by-signal': 'failure',
  'out-of-memory': 'failure',
  'timed-out': 'failure',
  silent: 'failure',
  'log-cap': 'warnings',
  'disk-cap': 'failure',
  'process-cap': 'failure',
  'report-cap': 'warnings',
  'unexpected-pass': 'warnings',
  'install-failed': 'failure',
  'runtime-failed': 'skipped',
  blocked: 'skipped',
};

/** From the least to the worst. What was skipped takes nothing away from what ran. */
const severity: Readonly<Record<Result, number>> = {
  skipped: 0,
  success: 1,
  warnings: 2,
  failure: 3,
  exception: 4,
  lost: 5,
  cancelled: 6,
};

/** The worst of some results; of none it is `skipped`, since nothing ran. */
export function worst(results: Iterable<Result>): Result {
  let found: Result = 'skipped';
  for (const result of results) {
    if (severity[result] > severity[found]) found = result;
  }
  return found;
}

/** A step's result: the worst of how its process ended and of what each finding makes of it. */
export function stepResult(process: Result, findings: readonly Finding[]): Result {
  return worst([process, ...findings.map((finding) => resultOfFinding[finding])]);
}

/** What a step or a build comes to. */
export interface Outcome {
  readonly result: Result;
  readonly findings: readonly Finding[];
}

/** A build's outcome: the worst of its steps, and their findings, each once, in the list's order. */
export function combineBuild(steps: readonly Outcome[]): Outcome {
  const found = new Set(steps.flatMap((step) => step.findings));
  return {
    result: worst(steps.map((step) => stepResult(step.result, step.findings))),
    findings: findingWords.filter((finding) => found.has(finding)),
  };
}

/** Whether a result says something about the code that was built. */
export function isConclusive(result: Result): boolean {
  return result === 'success' || result === 'warnings' || result === 'failure';
}
