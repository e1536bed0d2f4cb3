import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countsOf, readPieces } from './readers.ts';
import type { RecordingTally } from './readers.ts';

type Event = Readonly<Record<string, string | number>>;

function read(...events: readonly (Event | string)[]): RecordingTally {
  const lines = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
  return readPieces('go-test', `${lines.join('\n')}\n`);
}

const failures = ({ named }: RecordingTally): string[][] =>
  named.map(({ name, message }) => [name, message]);

describe("the events of 'go test -json'", () => {
  it('have tests, subtests and what they printed', () => {
    const report = read(
      'go: downloading x',
      { Action: 'run', Package: 'p', Test: 'TestA' },
      { Action: 'pass', Package: 'p', Test: 'TestA', Elapsed: 0.5 },
      { Action: 'run', Package: 'p', Test: 'TestB/sub' },
      { Action: 'output', Package: 'p', Test: 'TestB/sub', Output: '=== RUN   TestB/sub\n' },
      { Action: 'output', Package: 'p', Test: 'TestB/sub', Output: '    b_test.go:3: boo\n' },
      { Action: 'fail', Package: 'p', Test: 'TestB/sub' },
      { Action: 'skip', Package: 'p', Test: 'TestC' },
      { Action: 'fail', Package: 'p', Elapsed: 1.5 },
    );

    assert.deepEqual(countsOf(report), [1, 1, 1, 0, 0]);
    assert.deepEqual(failures(report), [['p.TestB/sub', 'b_test.go:3: boo']]);
    assert.equal(report.tests[0]?.durationMs, 500);
    assert.equal(report.durationMs, 1_500);
  });

  it('have packages that did not build, each once', () => {
    const report = read(
      { Action: 'build-output', ImportPath: 'p [p.test]', Output: '# p [p.test]\n' },
      { Action: 'build-output', ImportPath: 'p [p.test]', Output: 'p.go:1: syntax error\n' },
      { Action: 'build-fail', ImportPath: 'p [p.test]' },
      { Action: 'start', Package: 'p' },
      { Action: 'output', Package: 'p', Output: 'FAIL\tp [build failed]\n' },
      { Action: 'fail', Package: 'p', Elapsed: 0, FailedBuild: 'p [p.test]' },
      { Action: 'build-fail', ImportPath: 'q' },
      'FAIL\tr [setup failed]',
    );

    assert.deepEqual(countsOf(report), [0, 3, 0, 0, 0]);
    assert.deepEqual(failures(report), [
      ['p', 'p.go:1: syntax error'],
      ['r', 'it did not build'],
      ['q', ''],
    ]);
  });

  it('have a package that failed without a failed test', () => {
    const report = read(
      { Action: 'pass', Package: 'p', Test: 'TestA' },
      { Action: 'output', Package: 'p', Output: 'panic: late\n' },
      { Action: 'fail', Package: 'p' },
    );

    assert.deepEqual(countsOf(report), [1, 1, 0, 0, 0]);
    assert.deepEqual(failures(report), [['p', 'panic: late']]);
  });

  it('have a test that began and did not end, which failed with its package', () => {
    const report = read(
      { Action: 'run', Package: 'p', Test: 'TestA' },
      { Action: 'output', Package: 'p', Test: 'TestA', Output: 'panic: boo\n' },
      { Action: 'fail', Package: 'p' },
    );

    assert.deepEqual(failures(report), [['p.TestA', 'panic: boo']]);
    assert.match(report.mismatch ?? '', /p\.TestA began/);
  });

  it('have what a test printed after its end', () => {
    const report = read(
      { Action: 'run', Package: 'p', Test: 'TestA' },
      { Action: 'pass', Package: 'p', Test: 'TestA' },
      { Action: 'output', Package: 'p', Test: 'TestA', Output: 'late\n' },
      { Action: 'pass', Package: 'p' },
    );

    assert.deepEqual(countsOf(report), [1, 0, 0, 0, 0]);
    assert.equal(report.mismatch, null);
  });

  it('have benchmarks, of which no event says that they ended', () => {
    const report = read(
      { Action: 'run', Package: 'p', Test: 'BenchmarkA' },
      { Action: 'pass', Package: 'p' },
    );

    assert.deepEqual(countsOf(report), [1, 0, 0, 0, 0]);
    assert.equal(report.mismatch, null);
  });

  it('are cut off within a test, which has failed', () => {
    const report = read(
      { Action: 'run', Package: 'p', Test: 'TestA' },
      { Action: 'fail', Package: 'p', Test: 'TestA' },
      { Action: 'run', Package: 'p', Test: 'TestB' },
      { Action: 'output', Package: 'p', Test: 'TestB', Output: 'half\n' },
    );

    assert.deepEqual(failures(report), [
      ['p.TestA', ''],
      ['p.TestB', 'half'],
    ]);
    assert.match(report.mismatch ?? '', /p\.TestB began/);
  });

  it('are cut off when a package does not end', () => {
    const report = read({ Action: 'start', Package: 'p' });

    assert.match(report.mismatch ?? '', /p began/);
  });

  it('are missing where there is no such line', () => {
    assert.throws(() => read('ok  \tp\t0.1s'), { name: 'ReportError', state: 'missing' });
  });
});
