import { findings as findingWords, resultOfFinding } from '@weir/protocol';
import type { Finding, Result } from '@weir/protocol';

/** From the best to the worst. What was skipped may hide a failure, so it is worse than warnings. */
const bestFirst = [
  'success',
  'warnings',
  'skipped',
  'failure',
  'exception',
  'lost',
  'cancelled',
] as const satisfies readonly Result[];

/** The worst of some results; of none it is `skipped`, since nothing ran. */
export function worst(results: readonly Result[]): Result {
  return bestFirst.findLast((result) => results.includes(result)) ?? 'skipped';
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

/** Whether infrastructure, or the farm itself, took it: that says nothing about the code. */
export function isTaken(result: Result): boolean {
  return result === 'exception' || result === 'lost';
}
