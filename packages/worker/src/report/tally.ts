import { maxNamedTests, maxTestMessage, maxTestName } from '@weir/protocol';
import type { ExpectedFailure, StepReport, TestOutcome, TestTotals } from '@weir/protocol';
import { Expectations } from './expectations.ts';
import { TestList } from './test-list.ts';

export interface TestCase {
  readonly name: string;
  readonly outcome: TestOutcome;
  /** Milliseconds. */
  readonly durationMs?: number | undefined;
  /** Which try this was, from 1; 1 as well where the format does not tell. */
  readonly attempt?: number | undefined;
  readonly message?: string | undefined;
}

/** A report that can't be read any further; its message is for people. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  readonly state: 'missing' | 'invalid' | 'capped';

  constructor(state: 'missing' | 'invalid' | 'capped', message: string) {
    super(message);
    this.state = state;
  }
}

/** No suite has more tests; a report that claims so is no report. */
const maxTests = 5_000_000;

const totalOf = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  'expected-failure': 'expectedFailures',
  'unexpected-pass': 'unexpectedPasses',
} as const satisfies Record<TestOutcome, keyof TestTotals>;

/** Counts the tests of one step, over all files of its report. */
export class Tally {
  readonly totals: TestTotals = {
    passed: 0,
    failed: 0,
    skipped: 0,
    expectedFailures: 0,
    unexpectedPasses: 0,
  };
  readonly named: StepReport['named'] = [];
  /** Those that have a name. */
  readonly list = new TestList();
  readonly expectations: Expectations;
  durationMs: number | null = null;
  mismatch: string | null = null;

  /** @param expected what the project knows to fail */
  constructor(expected: readonly ExpectedFailure[] = []) {
    this.expectations = new Expectations(expected);
  }

  get count(): number {
    return Object.values(this.totals).reduce((sum, count) => sum + count, 0);
  }

  /** @throws ReportError when there are more tests than any suite has */
  add(reported: TestCase): void {
    const { name, outcome } = reported;
    const test = { ...reported, outcome: this.expectations.outcomeOf(name, outcome) };
    this.addMany(test.outcome, 1);
    this.list.add(test);
    if (test.durationMs !== undefined) this.addDuration(test.durationMs);
    if (test.outcome === 'failed' || test.outcome === 'unexpected-pass') this.name(test);
  }

  /** So many tests of which nothing else is known. @throws ReportError as `add` */
  addMany(outcome: TestOutcome, count: number): void {
    if (!Number.isSafeInteger(count) || this.count + count > maxTests) {
      throw new ReportError('capped', `it claims more than ${maxTests} tests`);
    }
    this.totals[totalOf[outcome]] += count;
  }

  /** Names a test that was counted already. */
  name({ name, outcome, message = '' }: TestCase): void {
    if (this.named.length >= maxNamedTests) return;
    this.named.push({
      name: cut(name, maxTestName),
      outcome,
      message: cut(message.trim(), maxTestMessage),
    });
  }

  addDuration(ms: number): void {
    if (Number.isFinite(ms) && ms >= 0) this.durationMs = (this.durationMs ?? 0) + ms;
  }

  /** The first difference between what was announced and what came. */
  differs(how: string): void {
    this.mismatch ??= cut(how, 300);
  }
}

export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
