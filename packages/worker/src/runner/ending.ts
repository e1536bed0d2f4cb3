import type { Finding, Result } from '@weir/protocol';
import { errorText } from './disk-full.ts';

/** What a step or a build came to, as far as its runner can say. */
export interface Ending {
  readonly result: Result;
  readonly findings: Finding[];
  readonly text: string;
  /** The object for want of which it could not begin. */
  readonly unfetched?: string;
}

/** Else projects would be tested with whatever of its name the machine has. */
export const nothingInstalled: Ending = {
  result: 'failure',
  findings: ['install-failed'],
  text: 'nothing was installed into $WEIR_RUNTIME',
};

/** Whether it is the step itself that ended so. */
export function hasSpoken(outcome: Pick<Ending, 'result'>): boolean {
  return isPass(outcome) || outcome.result === 'failure';
}

/** Of what was told to end, with who told it so. */
export function cancelled({ reason }: AbortSignal): Ending {
  return { result: 'cancelled', findings: [], text: `cancelled: ${String(reason)}`.slice(0, 500) };
}

/** From the best to the worst that a runner may say. */
const order: readonly Result[] = ['success', 'warnings', 'failure', 'exception', 'cancelled'];

/** The worse of two, with the findings of both; of equals the first, which the other may follow from. */
export function joinEndings(before: Ending, after: Ending): Ending {
  const isWorse = order.indexOf(after.result) > order.indexOf(before.result);
  const findings = [...new Set([...before.findings, ...after.findings])];
  return { ...(isWorse ? after : before), findings };
}

/** Whether what comes after it runs. */
export function isPass({ result }: Pick<Ending, 'result'>): boolean {
  return result === 'success' || result === 'warnings';
}

/** An error as the text of an ending. */
export function sayError(error: unknown): string {
  return errorText(error).slice(0, 500);
}
