import type { ReportFormat, TestOutcome } from '@weir/protocol';
import { linesOf } from './lines.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

/** What one runner prints for people. Groups: `count`, `seconds`, `name`, `message`, `counts`. */
interface Summary {
  /** The lines that say how many tests there were; several runs in one step add up. */
  readonly end: readonly RegExp[];
  /** What the words of `counts` mean, and those of `count` by `end`'s own place. */
  readonly words: Readonly<Record<string, TestOutcome>>;
  /** A line that names a test that failed. */
  readonly failed: RegExp | null;
  /** The count of all tests stands in a line of its own, and passes are what is left of it. */
  readonly total: RegExp | null;
}

const failures = { failures: 'failed', errors: 'failed' } as const;
const unittestWords = {
  ...failures,
  skipped: 'skipped',
  'expected failures': 'expected-failure',
  'unexpected successes': 'unexpected-pass',
} as const;

const summaries = {
  pytest: {
    end: [
      /^=* ?(?<counts>(?:\d+ [a-z]+(?:, )?)+) in (?<seconds>[\d.]+)s\b/,
      /^=* ?no tests ran in (?<seconds>[\d.]+)s\b/,
    ],
    words: {
      passed: 'passed',
      failed: 'failed',
      error: 'failed',
      errors: 'failed',
      skipped: 'skipped',
      xfailed: 'expected-failure',
      xpassed: 'unexpected-pass',
    },
    failed: /^(?:FAILED|ERROR) (?<name>\S+)(?: - (?<message>.*))?$/,
    total: null,
  },
  unittest: {
    end: [/^(?:OK|FAILED|NO TESTS RAN)(?: \((?<counts>.*)\))?$/],
    words: unittestWords,
    failed: /^(?:FAIL|ERROR): (?<name>.+)$/,
    total: /^Ran (?<count>\d+) tests? in (?<seconds>[\d.]+)s$/,
  },
  trial: {
    end: [/^(?:PASSED|FAILED)(?: \((?<counts>.*)\))?$/],
    words: {
      ...failures,
      skips: 'skipped',
      expectedFailures: 'expected-failure',
      unexpectedSuccesses: 'unexpected-pass',
    },
    failed: /^(?<name>[A-Za-z_][\w.]*\.test\w*)$/,
    total: /^Ran (?<count>\d+) tests? in (?<seconds>[\d.]+)s$/,
  },
  mocha: {
    end: [/^\s+(?<counts>\d+ (?:passing|failing|pending))(?: \(.*\))?$/],
    words: { passing: 'passed', failing: 'failed', pending: 'skipped' },
    failed: /^\s+\d+\) (?<name>.+[^:])$/,
    total: null,
  },
  'node-test': {
    end: [/^(?:#|ℹ) (?<counts>(?:pass|fail|cancelled|skipped|todo) \d+)$/],
    words: {
      pass: 'passed',
      fail: 'failed',
      cancelled: 'failed',
      skipped: 'skipped',
      todo: 'expected-failure',
    },
    failed: /^\s*✖ (?<name>.+?)(?: \([\d.]+ms\))?$/,
    total: null,
  },
  busted: {
    end: [
      /^(?<counts>\d+ success(?:es)? \/ \d+ failures? \/ \d+ errors? \/ \d+ pending) : (?<seconds>[\d.]+) seconds$/,
    ],
    words: {
      success: 'passed',
      successes: 'passed',
      failure: 'failed',
      failures: 'failed',
      error: 'failed',
      errors: 'failed',
      pending: 'skipped',
    },
    failed: /^(?:Failure|Error) (?:→|->) (?<name>.+)$/,
    total: null,
  },
} as const satisfies Record<string, Summary>;

export type SummaryFormat = keyof typeof summaries;

export function isSummaryFormat(format: ReportFormat): format is SummaryFormat {
  return Object.hasOwn(summaries, format);
}

/**
 * Reads the summary that a test runner prints at its end: totals, and the names of what failed. Where
 * a suite can write a real report, that is the better one: anything may print such a line.
 *
 * @throws ReportError when there is none
 */
export function readSummary(format: SummaryFormat, pieces: Iterable<string>, tally: Tally): void {
  const { end, words, failed, total }: Summary = summaries[format];
  let ends = 0;
  /** Announced by a total, and not yet explained by the counts that follow it. */
  let rest = 0;
  const named = new Set<string>();
  for (const line of linesOf(pieces)) {
    const all = total?.exec(line)?.groups;
    if (all !== undefined) {
      rest = Number(all['count']);
      tally.addDuration(Number(all['seconds']) * 1_000);
      continue;
    }
    const groups = firstMatch(end, line);
    if (groups === null) {
      const name = failed?.exec(line)?.groups;
      if (name?.['name'] !== undefined && !named.has(name['name'])) {
        named.add(name['name']);
        tally.name({ name: name['name'], outcome: 'failed', message: name['message'] });
      }
      continue;
    }
    ends += 1;
    if (groups['seconds'] !== undefined) tally.addDuration(Number(groups['seconds']) * 1_000);
    for (const [word, count] of countsOf(groups['counts'] ?? '')) {
      const outcome = words[word];
      if (outcome === undefined) continue;
      tally.addMany(outcome, count);
      rest -= count;
    }
    if (total !== null) tally.addMany('passed', Math.max(0, rest));
    rest = 0;
  }
  if (ends === 0) throw new ReportError('missing', `${format} printed no summary`);
}

function firstMatch(
  patterns: readonly RegExp[],
  line: string,
): Record<string, string | undefined> | null {
  for (const pattern of patterns) {
    const match = pattern.exec(line);
    if (match !== null) return { ...match.groups };
  }
  return null;
}

/** `3 failed, 2 passed`, `failures=3, expected failures=2`, `pass 12` and `2 successes / 1 error`. */
function* countsOf(text: string): Generator<readonly [string, number]> {
  for (const part of text.split(/, | \/ /)) {
    const match =
      /^(?<count>\d+) (?<word>[a-z]+)$/.exec(part) ??
      /^(?<word>[A-Za-z ]+)=(?<count>\d+)$/.exec(part) ??
      /^(?<word>[a-z]+) (?<count>\d+)$/.exec(part);
    const { word, count } = match?.groups ?? {};
    if (word !== undefined) yield [word, Number(count)];
  }
}
