import { closeSync, openSync, writeSync } from 'node:fs';
import { packet } from '../../packages/worker/test/report/subunit-writer.ts';

export type BenchFormat = 'junit' | 'tap' | 'go-test' | 'subunit';

/** One test of a suite that is mostly green: 1 in 50 skipped, 1 in 100 failed, with 20 lines to say why. */
interface BenchTest {
  readonly number: number;
  readonly module: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** The last one of its module. */
  readonly isLast: boolean;
}

const lines = Array.from({ length: 20 }, (_, n) => `line ${n}: expected "${n}" & got <${n * n}>`);
const escaped = lines.join('\n').replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** How each format says it, as pytest, node:test, Go and subunit.run write it. */
const writers: Readonly<
  Record<BenchFormat, { head: string; test: (test: BenchTest) => string | Buffer; tail: string }>
> = {
  junit: {
    head: '<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" time="60">',
    test: ({ number, module, outcome }) => {
      const open = `<testcase classname="${module}.TestSums" name="test_sum[${number}]" time="0.001"`;
      if (outcome === 'passed') return `${open} />`;
      const why =
        outcome === 'skipped'
          ? '<skipped type="pytest.skip" message="no" />'
          : `<failure message="assert ${number} == 0">${escaped}</failure>`;
      return `${open}>${why}</testcase>`;
    },
    tail: '</testsuite></testsuites>',
  },
  tap: {
    head: 'TAP version 13\n',
    test: ({ number, module, outcome }) => {
      const result = outcome === 'failed' ? 'not ok' : 'ok';
      const error = `  error: |-\n${lines.map((line) => `    ${line}\n`).join('')}`;
      return `# Subtest: ${module} sums ${number}
${result} ${number} - ${module} sums ${number}${outcome === 'skipped' ? ' # SKIP no' : ''}
  ---
  duration_ms: 0.5
  type: 'test'
${outcome === 'failed' ? error : ''}  ...
`;
    },
    tail: '',
  },
  'go-test': {
    head: '',
    test: ({ number, module, outcome, isLast }) => {
      const action = { passed: 'pass', failed: 'fail', skipped: 'skip' }[outcome];
      const of = {
        Time: '2026-01-01T00:00:00.000000000Z',
        Package: module,
        Test: `TestSum/${number}`,
      };
      const output = outcome === 'failed' ? lines : [];
      return [
        { Action: 'run', ...of },
        { Action: 'output', ...of, Output: `=== RUN   TestSum/${number}\n` },
        ...output.map((line) => ({ Action: 'output', ...of, Output: `    ${line}\n` })),
        { Action: action, ...of, Elapsed: 0.01 },
        ...(isLast ? [{ Action: 'fail', Package: module, Elapsed: 5 }] : []),
      ]
        .map((event) => `${JSON.stringify(event)}\n`)
        .join('');
    },
    tail: '',
  },
  subunit: {
    head: '',
    test: ({ number, module, outcome }) => {
      const id = `${module}.TestSums.test_sum(${number})`;
      const status = { passed: 'success', failed: 'fail', skipped: 'skip' }[outcome];
      const timeMs = 1_600_000_000_000 + number;
      const why = packet({ id, mime: 'text/plain', file: ['traceback', lines.join('\n')] });
      return Buffer.concat([
        packet({ id, status: 'inprogress', timeMs }),
        ...(outcome === 'failed' ? [why] : []),
        packet({ id, status, timeMs: timeMs + 1 }),
      ]);
    },
    tail: '',
  },
};

/** Writes a report of so many tests. @returns its size in bytes */
export function writeReport(path: string, format: BenchFormat, tests: number): number {
  const { head, test, tail } = writers[format];
  const file = openSync(path, 'w');
  let bytes = 0;
  let waiting: Buffer[] = [];
  const flush = (): void => {
    bytes += writeSync(file, Buffer.concat(waiting));
    waiting = [];
  };
  try {
    waiting.push(Buffer.from(head));
    for (let number = 1; number <= tests; number++) {
      const outcome = number % 100 === 0 ? 'failed' : number % 50 === 1 ? 'skipped' : 'passed';
      const module = `project.tests.module_${Math.floor(number / 500)}`;
      const isLast = number % 500 === 499 || number === tests;
      waiting.push(Buffer.from(test({ number, module, outcome, isLast })));
      if (waiting.length === 1_000) flush();
    }
    waiting.push(Buffer.from(format === 'tap' ? `1..${tests}\n` : tail));
    flush();
  } finally {
    closeSync(file);
  }
  return bytes;
}
