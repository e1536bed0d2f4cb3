import { maxNamedTests, maxTestMessage, maxTestName } from '@weir/protocol';
import type { ExpectedFailure, StepReport, TestOutcome, TestTotals } from '@weir/protocol';
import { Expectations } from './expectations.ts';
import { TestList } from './test-list.ts';
import { cut, firstWords, maxKeptName, plainText } from './words.ts';

/** One test, as the reader of any format hands it over. */
export interface TestCase {
  /** What it is known by from build to build; docs/reports.md says how each format's is made. */
  readonly name: string;
  readonly outcome: TestOutcome;
  /** Milliseconds. */
  readonly durationMs?: number | undefined;
  /** Which try this was, from 1; 1 as well where the format does not tell. */
  readonly attempt?: number | undefined;
  /** What it said: why it failed, or was skipped, or failed before it passed. */
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
  /** Why no test ran, as the report says it; else blank. */
  whyNone = '';

  /** Of all tests, whatever became of them. */
  count = 0;

  /** @param expected what the project knows to fail */
  constructor(expected: readonly ExpectedFailure[] = []) {
    this.expectations = new Expectations(expected);
  }

  /**
   * One test that is over. Its duration does not count towards the report's: that is `addDuration`'s.
   *
   * @throws ReportError when there are more tests than any suite has
   */
  add(raw: TestCase): void {
    const reported = cleaned(raw);
    const { name, outcome } = reported;
    const test = { ...reported, outcome: this.expectations.outcomeOf(name, outcome) };
    this.addMany(test.outcome, 1);
    this.list.add(test);
    if (test.outcome === 'failed' || test.outcome === 'unexpected-pass') this.name(test);
  }

  /** So many tests of which nothing else is known. @throws ReportError as `add` */
  addMany(outcome: TestOutcome, count: number): void {
    if (!Number.isSafeInteger(count) || count < 0 || this.count + count > maxTests) {
      throw new ReportError('capped', `it claims more than ${maxTests} tests`);
    }
    this.totals[totalOf[outcome]] += count;
    this.count += count;
  }

  /** Names a test that was counted already. */
  name(raw: TestCase): void {
    if (this.named.length >= maxNamedTests) return;
    const { name, outcome, message = '' } = cleaned(raw);
    this.named.push({
      name: cut(name, maxTestName),
      outcome,
      message: cut(message, maxTestMessage),
    });
  }

  /** How long a run took, of which a report may have several. What can't be a duration is none. */
  addDuration(ms: number | undefined): void {
    if (ms !== undefined && isDuration(ms)) this.durationMs = (this.durationMs ?? 0) + ms;
  }

  /** It says that it has no tests, and why; of several the first reason. */
  hasNone(why: string): void {
    if (this.whyNone === '') this.whyNone = cut(plainText(why).trim(), 300);
  }

  /** The first difference between what was announced and what came. */
  differs(how: string): void {
    this.mismatch ??= cut(plainText(how), 300);
  }
}

/** As it can be stored and shown: a report may say anything. */
function cleaned({ name, outcome, durationMs, attempt = 1, message = '' }: TestCase): TestCase {
  return {
    name: plainText(name.slice(0, maxKeptName)),
    outcome,
    durationMs: durationMs !== undefined && isDuration(durationMs) ? durationMs : undefined,
    attempt: Number.isSafeInteger(attempt) && attempt > 0 ? attempt : 1,
    message: firstWords(message),
  };
}

/** Longer than any run of tests takes; what claims more would drown all other durations. */
const maxDurationMs = 365 * 24 * 3_600_000;

/** Is it a number of milliseconds that a test may have taken? */
export function isDuration(ms: number): boolean {
  return ms >= 0 && ms <= maxDurationMs;
}
