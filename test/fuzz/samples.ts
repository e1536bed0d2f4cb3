import type { ReportFormat } from '@weir/protocol';
import { packet } from '../../packages/worker/test/report/subunit-writer.ts';

const go = (event: object): string => `${JSON.stringify(event)}\n`;

/** A good report of each format, with most of what the format has. */
export const samples: Readonly<Record<ReportFormat, Buffer>> = {
  junit: Buffer.from(`<?xml version="1.0" encoding="utf-8"?>
<testsuites name="all" tests="5" time="1,234.5"><testsuite name="pytest" tests="4" failures="1" time="0.078">
<properties><property name="a" value="b"/></properties>
<testcase classname="test_a" name="test_ok[&lt;é&#128512;]" time="0.001"/>
<testcase classname="test_a" name="test_bad" time="1e-3"><failure message="assert 1 == 2"><![CDATA[def f():
  assert 1 == 2]]></failure><rerunFailure message="again"/></testcase>
<testcase classname="test_a" name="test_skip"><skipped type="pytest.xfail" message="no"/></testcase>
<testsuite name="inner"><testcase name="flaky" status="run"><flakyError message="once"><stackTrace>x</stackTrace></flakyError><system-out>lots &amp; lots</system-out></testcase></testsuite>
<!-- tests 4 --><system-err>more</system-err></testsuite></testsuites>
`),
  tap: Buffer.from(`TAP version 14
# Subtest: suite
    # Subtest: fails
    not ok 1 - fails
      ---
      duration_ms: 28.4
      type: 'test'
      error: |-
        Expected values to be strictly equal
      ...
    ok 2 - later # TODO soon
    1..2
not ok 1 - suite
ok 2 - braces {
    ok 1 - a # SKIP no net
    1..1
}
ok 3 - timed # time=5ms
1..3
# duration_ms 40.5
`),
  'go-test': Buffer.from(
    go({ Action: 'start', Package: 'p' }) +
      go({ Action: 'run', Package: 'p', Test: 'TestA' }) +
      go({ Action: 'output', Package: 'p', Test: 'TestA', Output: '    a_test.go:3: boo\n' }) +
      go({ Action: 'fail', Package: 'p', Test: 'TestA', Elapsed: 0.5 }) +
      go({ Action: 'skip', Package: 'p', Test: 'TestB/sub', Elapsed: 0 }) +
      go({ Action: 'fail', Package: 'p', Elapsed: 1.5 }) +
      go({ Action: 'build-output', ImportPath: 'q', Output: 'q.go:1: syntax error\n' }) +
      go({ Action: 'build-fail', ImportPath: 'q' }) +
      go({ Action: 'fail', Package: 'q', FailedBuild: 'q' }) +
      'FAIL\tr [build failed]\n',
  ),
  ctrf: Buffer.from(
    JSON.stringify({
      reportFormat: 'CTRF',
      results: {
        tool: { name: 'x' },
        summary: { tests: 3, passed: 1, failed: 1, start: 1_000, stop: 2_000 },
        tests: [
          { name: 'a', status: 'passed', duration: 10, retries: 2 },
          { name: 'b', status: 'failed', duration: 20, message: 'boo', suite: ['s', 't'] },
          { name: 'c', status: 'pending', duration: 0, extra: { deep: [[[{}]]] } },
        ],
      },
    }),
  ),
  subunit: Buffer.concat([
    Buffer.from('running tests\n'),
    packet({ status: 'exists', id: 'm.C.a' }),
    packet({ status: 'inprogress', id: 'm.C.a', timeMs: 1_600_000_000_000 }),
    packet({ status: 'success', id: 'm.C.a', timeMs: 1_600_000_000_250.5, tags: ['x', 'y'] }),
    packet({ id: 'm.C.b', mime: 'text/plain', file: ['traceback', 'Traceback: boo'] }),
    packet({ status: 'fail', id: 'm.C.b', route: '0/1' }),
    packet({ status: 'skip', id: 'm.C.c', file: ['reason', 'x'.repeat(500)] }),
  ]),
  pytest: Buffer.from(
    'FAILED test_a.py::test_bad[a b] - assert 1 == 2\nERROR test_b.py\n\u001b[31m= 1 failed, 3 passed, 2 skipped, 1 xfailed, 1 xpassed, 1 error in 1.50s (0:00:01) =\u001b[0m\n',
  ),
  unittest: Buffer.from(
    'F.E\n======\nFAIL: test_x (m.C.test_x) (i=1)\n----------\nTraceback (most recent call last):\n  File "m.py"\nAssertionError: 1 != 2\n\n----------\nRan 9 tests in 0.250s\n\nFAILED (failures=1, errors=1, skipped=2, expected failures=1)\n',
  ),
  trial: Buffer.from(
    '[FAIL]\nboo\n\nm.test_c.Case.test_x\n-----\nRan 7 tests in 1.000s\n\nFAILED (skips=1, failures=1, successes=5)\n',
  ),
  mocha: Buffer.from(
    '\n  12 passing (2s)\n  1 pending\n  1 failing\n\n  1) outer\n       fails:\n     Error: boo\n      at a.js:1:1\n',
  ),
  'node-test': Buffer.from(
    'ℹ tests 5\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms 12.5\n\n✖ failing tests:\n\ntest at a.js:1:1\n✖ adds (1.5ms)\n  Error: boo\n',
  ),
  busted: Buffer.from(
    '10 successes / 1 failure / 1 error / 2 pending : 0.5 seconds\n\nFailure → spec/a_spec.lua @ 3\nadds\nboo\n',
  ),
  prove: Buffer.from(`t/b.t (Wstat: 768 (exited 3) Tests: 6 Failed: 3)
  Failed tests:  2-3, 6
  TODO passed:   5, 7-9
  Parse errors: Bad plan.  You planned 5 tests but ran 6.
Files=4, Tests=9,  2 wallclock secs ( 0.04 usr  0.01 sys +  0.31 cusr  0.05 csys =  0.41 CPU)
Result: FAIL
`),
};
