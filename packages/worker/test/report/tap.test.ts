import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countsOf, readPieces } from './readers.ts';
import type { RecordingTally } from './readers.ts';

const read = (text: string): RecordingTally => readPieces('tap', text);
const names = ({ tests }: RecordingTally): string[] => tests.map(({ name }) => name);

describe('a report in TAP', () => {
  it('counts what stands in subtests, and not their sums', () => {
    const report = read(`TAP version 14
# Subtest: a
    ok 1 - x # SKIP no
    not ok 2 - y # TODO later
    ok 3 - z # TODO later
    1..3
ok 1 - a # time=5ms
not ok 2 - b
  ---
  message: boo
  ...
noise
ok 3
1..3
`);

    assert.deepEqual(countsOf(report), [1, 1, 1, 1, 1]);
    assert.deepEqual(names(report), ['a > x', 'a > y', 'a > z', 'b', '']);
    assert.equal(report.named[1]?.message, 'boo');
    assert.equal(report.mismatch, null);
  });

  it('has subtests in braces, before their name, and within each other', () => {
    const report = read(`1..4
ok 1 - braces {
    ok 1 - a
    1..1
}
not ok 2 - late braces # time=4ms
  ---
  duration_ms: 4
  ...
{
    # Subtest: inner
        not ok 1 - b
        1..1
    not ok 1 - inner
    1..1
}
    # Subtest: old
    ok 1 - c
    1..1
ok 3 - old
ok 4 - todo # TODO x {
    ok 1
    1..1
}
`);

    assert.deepEqual(countsOf(report), [3, 1, 0, 0, 0]);
    assert.deepEqual(names(report), ['braces > a', 'late braces > inner > b', 'old > c', 'todo']);
    assert.equal(report.mismatch, null);
  });

  it('counts a subtest that failed though its tests did not', () => {
    const report = read(`1..1
# Subtest: s
    ok 1 - a
    1..2
not ok 1 - s
`);

    assert.deepEqual(countsOf(report), [1, 1, 0, 0, 0]);
    assert.match(report.mismatch ?? '', /2 tests were planned, 1 came/);
  });

  it('counts as node:test does', () => {
    const report = read(`TAP version 13
# Subtest: suite
    # Subtest: fails
    not ok 1 - fails
      ---
      duration_ms: 28.4
      type: 'test'
      error: |-
        Expected values to be strictly equal:
        
        1 !== 2
        
      code: 'ERR_ASSERTION'
      stack: |-
        TAP version 13
        1..7
      ...
    # Subtest: later
    ok 2 - later # TODO
      ---
      duration_ms: 0.1
      type: 'test'
      ...
    1..2
not ok 1 - suite
  ---
  duration_ms: 30.5
  type: 'suite'
  error: '1 subtest failed'
  ...
# Subtest: parent
    # Subtest: child
    ok 1 - child
      ---
      duration_ms: 1
      type: 'test'
      ...
    1..1
ok 2 - parent
  ---
  duration_ms: 2
  type: 'test'
  ...
1..2
# tests 4
# duration_ms 40.5
`);

    assert.deepEqual(countsOf(report), [2, 1, 0, 1, 0]);
    assert.deepEqual(names(report), ['suite > fails', 'suite > later', 'parent > child', 'parent']);
    assert.deepEqual(report.named, [
      {
        name: 'suite > fails',
        outcome: 'failed',
        message: 'Expected values to be strictly equal:\n\n1 !== 2',
      },
    ]);
    assert.equal(report.tests[0]?.durationMs, 28.4);
    assert.equal(report.durationMs, 40.5);
  });

  it("finds what a test said where YAML stands deeper than its marks, as in mocha's", () => {
    const report = read(`TAP version 13
not ok 1 sums
  ---
    message: |-
      Expected values to be strictly equal:

      431 !== 400

    stack: |-
      AssertionError: 431
  ...
1..1
`);

    assert.equal(
      report.named[0]?.message.trim(),
      'Expected values to be strictly equal:\n\n431 !== 400',
    );
  });

  it('takes what stands behind a failed test for what it said', () => {
    const report = read(`not ok 1 - sums
# (in test file a.bats, line 5)
#   \`false' failed
ok 2 - C\\# and \\\\ and #5 stay
not ok 3 - quoted
  ---
  message: 'it''s "so"'
  ...
1..3
`);

    assert.deepEqual(
      report.named.map(({ message }) => message),
      ["(in test file a.bats, line 5)\n  `false' failed", 'it\'s "so"'],
    );
    assert.equal(names(report)[1], 'C# and \\ and #5 stay');
  });

  it("has scripts one after another, with prove's words between", () => {
    const report = read(`t/a.t ..
1..2
ok 1 - a
ok 2 - b # skip no net
ok
t/b.t ..
ok 1 - c
1..1
ok
ok 1 - d
1..1
All tests successful.
`);

    assert.deepEqual(countsOf(report), [3, 0, 1, 0, 0]);
    assert.equal(report.mismatch, null);
  });

  it('says that its plan was not kept, or is not there', () => {
    assert.match(read('1..5\nok 1\nok 2\n').mismatch ?? '', /5 .* planned, 2 came/);
    assert.match(read('1..1\nok 1\nok 2\n').mismatch ?? '', /1 .* planned, 2 came/);
    assert.match(read('1..2\nok 1\n1..1\nok 1\n').mismatch ?? '', /2 .* planned, 1 came/);
    assert.match(read('ok 1\nok 2\n').mismatch ?? '', /no plan/);
    assert.match(read('# Subtest: s\n    ok 1\nok 1 - s\n1..1\n').mismatch ?? '', /no plan/);
    assert.match(read('1..2\nok 1\nBail out! no disk\n').mismatch ?? '', /no disk/);
  });

  it('is not confused by what tests print', () => {
    const report = read(`TAP version 13
# Subtest: s
    ok 1 - before
x={
  "a": [
    {
      "x": 1
    }
  ]
}
okay then
1..
${' '.repeat(240)}ok deep
    ok 2 - after
      ---
      broken
    not: ended
    1..2
ok 1 - s
1..1
`);

    assert.deepEqual(countsOf(report), [2, 0, 0, 0, 0]);
    assert.equal(report.mismatch, null);
  });

  it('has nothing in it when all is skipped, and is missing when there is none', () => {
    assert.deepEqual(countsOf(read('1..0 # SKIP no network\n')), [0, 0, 0, 0, 0]);
    assert.throws(() => read('hello\n'), { name: 'ReportError', state: 'missing' });
  });
});
