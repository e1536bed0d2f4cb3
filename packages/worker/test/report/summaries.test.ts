import assert from 'node:assert/strict';
import type { ReportFormat } from '@weir/protocol';
import { describe, it } from 'mocha';
import { countsOf, readPieces } from './readers.ts';
import type { Counts } from './readers.ts';

interface Printed {
  readonly what: string;
  readonly format: ReportFormat;
  readonly text: string;
  readonly counts: Counts;
  readonly durationMs: number | null;
  /** Name, and the first line of what it said. */
  readonly failures: readonly (readonly [string, string])[];
}

const printed: readonly Printed[] = [
  {
    what: 'pytest, in colours',
    format: 'pytest',
    text: `ERROR    root:a.py:3 a line of a log
FAILED test_a.py::test_bad[a b] - assert 1 == 2
FAILED test_a.py::TestC::test_worse
ERROR test_b.py - ImportError: boo
\u001b[31m= \u001b[31m\u001b[1m2 failed\u001b[0m, \u001b[32m3 passed\u001b[0m, 2 skipped, 4 deselected, 1 xfailed, 1 xpassed, 6 warnings, 1 error, 2 rerun in 1.50s (0:00:01) =\u001b[0m
`,
    counts: [3, 3, 2, 1, 1],
    durationMs: 1_500,
    failures: [
      ['test_a.py::test_bad[a b]', 'assert 1 == 2'],
      ['test_a.py::TestC::test_worse', ''],
      ['test_b.py', 'ImportError: boo'],
    ],
  },
  {
    what: 'pytest -q, with subtests',
    format: 'pytest',
    text: '1 failed, 2 passed, 2 subtests passed, 1 subtests failed in 0.02s\n',
    counts: [2, 1, 0, 0, 0],
    durationMs: 20,
    failures: [],
  },
  {
    what: 'an old pytest',
    format: 'pytest',
    text: '=== 1 passed, 1 pytest-warnings in 0.12 seconds ===\n',
    counts: [1, 0, 0, 0, 0],
    durationMs: 120,
    failures: [],
  },
  {
    what: 'pytest without tests',
    format: 'pytest',
    text: '===== no tests ran in 0.01s =====\n',
    counts: [0, 0, 0, 0, 0],
    durationMs: 10,
    failures: [],
  },
  {
    what: 'pytest with nothing selected',
    format: 'pytest',
    text: '===== 3 deselected in 0.01s =====\n',
    counts: [0, 0, 0, 0, 0],
    durationMs: 10,
    failures: [],
  },
  {
    what: 'unittest',
    format: 'unittest',
    text: `F.Es
======================================================================
FAIL: test_x (m.C.test_x)
It adds.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "m.py", line 3, in test_x
    self.assertEqual(1, 2)
AssertionError: 1 != 2

----------------------------------------------------------------------
Ran 9 tests in 0.250s

FAILED (failures=1, errors=1, skipped=2, expected failures=1)
`,
    counts: [4, 2, 2, 1, 0],
    durationMs: 250,
    failures: [['test_x (m.C.test_x)', 'AssertionError: 1 != 2']],
  },
  {
    what: 'unittest twice',
    format: 'unittest',
    text: 'Ran 3 tests in 0.001s\n\nOK\nRan 2 tests in 0.001s\n\nOK (skipped=2)\n',
    counts: [3, 0, 2, 0, 0],
    durationMs: 2,
    failures: [],
  },
  {
    what: 'unittest without tests',
    format: 'unittest',
    text: 'Ran 0 tests in 0.000s\n\nNO TESTS RAN\n',
    counts: [0, 0, 0, 0, 0],
    durationMs: 0,
    failures: [],
  },
  {
    what: 'Django, in parallel and with subtests',
    format: 'unittest',
    text: `Found 4 test(s).
Creating test database for alias 'default'...
Cloning test database for alias 'default'...
System check identified no issues (0 silenced).
======================================================================
FAIL: test_each (shop.tests.CartTests.test_each) (price=1)
----------------------------------------------------------------------
AssertionError: 1 != 2
======================================================================
FAIL: test_each (shop.tests.CartTests.test_each) (price=3)
----------------------------------------------------------------------
AssertionError: 3 != 4
----------------------------------------------------------------------
Ran 4 tests in 1.5s

FAILED (failures=2, unexpected successes=1)
Destroying test database for alias 'default'...
`,
    counts: [2, 2, 0, 0, 1],
    durationMs: 1_500,
    failures: [
      ['test_each (shop.tests.CartTests.test_each) (price=1)', 'AssertionError: 1 != 2'],
      ['test_each (shop.tests.CartTests.test_each) (price=3)', 'AssertionError: 3 != 4'],
    ],
  },
  {
    what: "Twisted's trial",
    format: 'trial',
    text: `[SKIPPED]
no net

m.test.test_c.Case.test_skip
[FAIL]
Traceback (most recent call last):
twisted.trial.unittest.FailTest: not equal

m.test.test_c.Case.test_x
-------------------------------------------------------------------------------
Ran 7 tests in 1.000s

FAILED (skips=1, expectedFailures=1, failures=1, errors=1, successes=3)
`,
    counts: [3, 2, 1, 1, 0],
    durationMs: 1_000,
    failures: [['m.test.test_c.Case.test_x', '']],
  },
  {
    what: 'mocha',
    format: 'mocha',
    text: `  outer
    ✔ adds
    1) fails
    - pending

  12 passing (2s)
  1 pending
  2 failing

  1) outer
       inner
         fails: always:

      AssertionError [ERR_ASSERTION]: 1 == 2
      + expected - actual

  2) top: level:
     Error: boo
      at a.js:1:1
`,
    counts: [12, 2, 1, 0, 0],
    durationMs: 2_000,
    failures: [
      ['outer inner fails: always', 'AssertionError [ERR_ASSERTION]: 1 == 2'],
      ['top: level', 'Error: boo'],
    ],
  },
  {
    what: "node:test's spec reporter",
    format: 'node-test',
    text: `▶ suite
  ✖ adds (1.5ms)
✖ suite (9ms)
ℹ tests 6
ℹ suites 1
ℹ pass 3
ℹ fail 1
ℹ cancelled 0
ℹ skipped 1
ℹ todo 1
ℹ duration_ms 453.5

✖ failing tests:

test at a.js:1:1
✖ adds (1.5ms)
  Error: boo
      at a.js:1:1

test at a.js:2:2
⚠ later (0.1ms) # soon
`,
    counts: [3, 1, 1, 1, 0],
    durationMs: 453.5,
    failures: [['adds', 'Error: boo']],
  },
  {
    what: 'busted',
    format: 'busted',
    text: `10 successes / 1 failure / 1 error / 2 pending : 0.5 seconds

Pending → spec/a_spec.lua @ 9
later

Failure → spec/a_spec.lua @ 3
adds
spec/a_spec.lua:4: Expected objects to be equal.
`,
    counts: [10, 2, 2, 0, 0],
    durationMs: 500,
    failures: [['adds', 'spec/a_spec.lua:4: Expected objects to be equal.']],
  },
  {
    what: 'prove',
    format: 'prove',
    text: `t/a.t .. ok
t/b.t ..
Dubious, test returned 3 (wstat 768, 0x300)
Failed 3/6 subtests
	(1 TODO test unexpectedly succeeded)
t/c.t .. skipped: no database

Test Summary Report
-------------------
t/b.t (Wstat: 768 (exited 3) Tests: 6 Failed: 3)
  Failed tests:  2-3, 6
  TODO passed:   5
  Non-zero exit status: 3
t/d.t (Wstat: 65280 (exited 255) Tests: 0 Failed: 0)
  Non-zero exit status: 255
Files=4, Tests=9,  2 wallclock secs ( 0.04 usr  0.01 sys +  0.31 cusr  0.05 csys =  0.41 CPU)
Result: FAIL
`,
    counts: [5, 4, 0, 0, 1],
    durationMs: 2_000,
    failures: [
      ['t/b.t', 'failed tests: 2-3, 6'],
      ['t/b.t', ''],
      ['t/d.t', 'non-zero exit status: 255'],
    ],
  },
];

describe('what runners print for people', () => {
  for (const { what, format, text, counts, durationMs, failures } of printed) {
    it(`is read of ${what}`, () => {
      const report = readPieces(format, text, 100);

      assert.deepEqual(countsOf(report), counts);
      assert.equal(report.durationMs, durationMs);
      assert.deepEqual(
        report.named.map(({ name, message }) => [name, message.split('\n')[0]]),
        failures,
      );
      assert.equal(report.mismatch, null);
    });
  }

  it('has scripts that ran other tests than they planned', () => {
    const report = readPieces(
      'prove',
      `t/d.t (Wstat: 0 Tests: 2 Failed: 0)
  Parse errors: Bad plan.  You planned 5 tests but ran 2.
Files=1, Tests=2,  0 wallclock secs ( 0.04 usr
`,
    );

    assert.deepEqual(countsOf(report), [2, 1, 0, 0, 0]);
    assert.match(report.mismatch ?? '', /t\/d\.t: Bad plan\./);
  });

  for (const format of ['pytest', 'unittest', 'mocha', 'node-test', 'prove'] as const) {
    it(`is missing where ${format} was ended before it printed any`, () => {
      assert.throws(() => readPieces(format, 'collecting ...\nSegmentation fault\n'), {
        name: 'ReportError',
        state: 'missing',
      });
    });
  }
});
