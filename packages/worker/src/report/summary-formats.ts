import type { TestOutcome } from '@weir/protocol';

/** What one runner prints for people. Groups: `count`, `seconds`, `ms`, `name`, `counts`, `time`. */
export interface Summary {
  /** The lines that say how many tests there were; several runs in one step add up. */
  readonly end: readonly RegExp[];
  /** What the words of `counts` mean. Tests that other words speak of are not counted. */
  readonly words: ReadonlyMap<string, TestOutcome>;
  /** The count of all tests stands in a line of its own, and passes are what is left of it. */
  readonly total?: RegExp;
  /** A line that says nothing but how long it took. */
  readonly time?: RegExp;
  readonly failed: FailedLines;
}

/** The lines that name a test that failed. */
export interface FailedLines {
  readonly line: RegExp;
  /** They stand behind this one only. */
  readonly after?: RegExp;
  /** And not behind this one. */
  readonly notAfter?: RegExp;
  /** The name is the line that follows. */
  readonly isBehind?: boolean;
  /** The name goes on in the lines that follow, until one ends with this. */
  readonly until?: string;
  /** What it said stands behind this, in the same line. */
  readonly separator?: string;
  /** The lines that follow are not what it said. */
  readonly isAlone?: boolean;
  /** What it said begins behind a line of this. */
  readonly behind?: RegExp;
  /** The test in a name: several failures may be of one, as of its subtests. */
  readonly test?: RegExp;
}

function words(table: Readonly<Record<string, TestOutcome>>): ReadonlyMap<string, TestOutcome> {
  return new Map(Object.entries(table));
}

const pythonTotal = /^Ran (?<count>\d+) tests? in (?<seconds>[\d.]+)s$/;

export const summaries = {
  pytest: {
    end: [
      /^=* ?(?<counts>\d+ [a-z].*) in (?<seconds>[\d.]+) ?s(?:econds)?(?: \([\d:]+\))?(?: =*)?$/,
      /^=* ?no tests ran in (?<seconds>[\d.]+) ?s(?:econds)?(?: =*)?$/,
    ],
    words: words({
      passed: 'passed',
      failed: 'failed',
      error: 'failed',
      errors: 'failed',
      skipped: 'skipped',
      xfailed: 'expected-failure',
      xpassed: 'unexpected-pass',
    }),
    failed: {
      line: /^(?:FAILED|ERROR) (?<name>[^ :]+(?:::.*|\.py(?: - .*)?)?)$/,
      separator: ' - ',
      isAlone: true,
    },
  },
  unittest: {
    end: [/^(?:OK|FAILED|NO TESTS RAN)(?: \((?<counts>.*)\))?$/],
    words: words({
      failures: 'failed',
      errors: 'failed',
      skipped: 'skipped',
      'expected failures': 'expected-failure',
      'unexpected successes': 'unexpected-pass',
    }),
    total: pythonTotal,
    failed: {
      line: /^(?:FAIL|ERROR): (?<name>.+)$/,
      behind: /^-{10,}$/,
      test: /^\S+ \([\w.]+\)/,
    },
  },
  trial: {
    end: [/^(?:PASSED|FAILED)(?: \((?<counts>.*)\))?$/],
    words: words({
      failures: 'failed',
      errors: 'failed',
      skips: 'skipped',
      expectedFailures: 'expected-failure',
      unexpectedSuccesses: 'unexpected-pass',
    }),
    total: pythonTotal,
    failed: {
      after: /^\[(?:FAIL|ERROR)\]$/,
      notAfter: /^\[.+\]$/,
      line: /^(?<name>[A-Za-z_][\w.]*\.test\w*)$/,
      isAlone: true,
    },
  },
  mocha: {
    end: [/^ +(?<counts>\d+ (?:passing|failing|pending))(?: \((?<time>[\dmsh]+)\))?$/],
    words: words({ passing: 'passed', failing: 'failed', pending: 'skipped' }),
    failed: { after: /^ +\d+ failing$/, line: /^ +\d+\) (?<name>.+)$/, until: ':' },
  },
  'node-test': {
    end: [/^(?:#|ℹ) (?<counts>(?:pass|fail|cancelled|skipped|todo) \d+)$/],
    words: words({
      pass: 'passed',
      fail: 'failed',
      cancelled: 'failed',
      skipped: 'skipped',
      todo: 'expected-failure',
    }),
    time: /^(?:#|ℹ) duration_ms (?<ms>[\d.]+)$/,
    failed: { after: /^✖ failing tests:$/, line: /^✖ (?<name>.+?)(?: \([\d.]+ms\))?$/ },
  },
  busted: {
    end: [
      /^(?<counts>\d+ success(?:es)? \/ \d+ failures? \/ \d+ errors? \/ \d+ pending) : (?<seconds>[\d.]+) seconds$/,
    ],
    words: words({
      success: 'passed',
      successes: 'passed',
      failure: 'failed',
      failures: 'failed',
      error: 'failed',
      errors: 'failed',
      pending: 'skipped',
    }),
    failed: { line: /^(?:Failure|Error) (?:→|->) (?<name>.+)$/, isBehind: true },
  },
} as const satisfies Record<string, Summary>;

export type SummaryFormat = keyof typeof summaries;
