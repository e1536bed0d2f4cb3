import type { Finding, TestTotals } from '@weir/protocol';
import { countText } from '@weir/protocol';
import { haveLostTests, mayAcceptTests } from '../tests/judge-counts.ts';

/** What the suites of a build that shows a breakage said. */
export interface TestNews {
  readonly builder: string;
  readonly build: number;
  readonly steps: readonly TestedStepNews[];
}

/** One step with a report. */
export interface TestedStepNews {
  readonly step: string;
  readonly index: number;
  readonly findings: readonly Finding[];
  readonly totals: TestTotals;
  /** Tests that say why it is no pass. */
  readonly groups: readonly TestGroup[];
  /** All its tests are listed on a page of their own. */
  readonly isListed: boolean;
}

export interface TestGroup {
  readonly what: 'failed' | 'passed unexpectedly' | 'vanished' | 'newly skipped';
  /** Of all such tests. */
  readonly count: number;
  /** The first of them. */
  readonly tests: readonly NamedTest[];
}

export interface NamedTest {
  readonly name: string;
  /** The first line of what it said; may be blank. */
  readonly said: string;
}

/** So many tests of a group are named where a breakage is told. */
export const namedInNews = 5;

/** `2 tests vanished` */
export function groupText({ what, count }: TestGroup): string {
  return what === 'newly skipped'
    ? `${countText(count, 'test')} newly skipped`
    : `${countText(count, 'test')} ${what}`;
}

/** What people do about a build whose suites lost tests which they were to lose; null where that is not it. */
export function acceptTestsText(build: number, findings: readonly Finding[]): string | null {
  if (!haveLostTests(findings)) return null;
  if (!mayAcceptTests(findings)) {
    return 'A suite that runs no test stays red, whatever may vanish or be skipped.';
  }
  return `If these tests are meant to be gone, or skipped: weir accept-tests ${build} --reason TEXT, or the command on the build's page for who is signed in, or raise may-vanish or may-skip in the farm file.`;
}
