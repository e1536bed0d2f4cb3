import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportFormat, StepReport } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { readReport } from '../../src/report/read-report.ts';
import { SpoolWriter } from '../../src/spool/writer.ts';

/** passed, failed, skipped, expected failures, unexpected passes */
type Counts = readonly [number, number, number, number, number];

function countsOf({ totals }: StepReport): Counts {
  const { passed, failed, skipped, expectedFailures, unexpectedPasses } = totals;
  return [passed, failed, skipped, expectedFailures, unexpectedPasses];
}

describe('the report of a step', () => {
  let dir: string;
  let workspace: string;
  let objects: string;
  let spools = 0;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-report-'));
    workspace = join(dir, 'src');
    objects = join(dir, 'objects');
    mkdirSync(workspace);
  });
  after(() => rmSync(dir, { recursive: true }));

  /** Read from what a step printed. */
  async function printed(format: ReportFormat, text: string): Promise<StepReport> {
    spools += 1;
    const spool = join(dir, `spool-${spools}`);
    const writer = new SpoolWriter(spool, 1_000_000);
    writer.append(Buffer.from(text));
    await writer.finish();
    return readReport({
      spec: { format, files: [] },
      workspace,
      spool,
      objects,
      maxBytes: 1_000_000,
    });
  }

  function inFiles(format: ReportFormat, ...files: string[]): StepReport {
    const spool = join(dir, 'none');
    return readReport({ spec: { format, files }, workspace, spool, objects, maxBytes: 1_000_000 });
  }

  describe('in JUnit XML', () => {
    it('has the dialect of pytest', async () => {
      const report = await printed(
        'junit',
        `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="2" skipped="2" tests="6" time="0.078">
        <testcase classname="test_a" name="test_ok" time="0.001"/>
        <testcase classname="test_a" name="test_bad" time="0.002"><failure message="assert 1 == 2">def test_bad():
        &gt; assert 1 == 2</failure></testcase>
        <testcase classname="test_a" name="test_skip" time="0.000"><skipped type="pytest.skip" message="no">test_a.py:9: no</skipped></testcase>
        <testcase classname="test_a" name="test_x" time="0.001"><skipped type="pytest.xfail" message="known"/></testcase>
        <testcase classname="test_a" name="test_xp" time="0.001"><failure message="[XPASS(strict)] known"/></testcase>
        <testcase classname="test_a" name="test_colour" time="0.001"><system-out>&#x1b;[31mred&#x1b;[0m</system-out></testcase>
        </testsuite></testsuites>`,
      );

      assert.equal(report.state, 'read', report.text);
      assert.deepEqual(countsOf(report), [2, 1, 1, 1, 1]);
      assert.deepEqual(report.named, [
        { name: 'test_a.test_bad', outcome: 'failed', message: 'assert 1 == 2' },
        { name: 'test_a.test_xp', outcome: 'unexpected-pass', message: '[XPASS(strict)] known' },
      ]);
      assert.equal(Math.round(report.durationMs ?? 0), 6);
    });

    it('has nested suites, reruns and the messages of Surefire', async () => {
      const report = await printed(
        'junit',
        `<testsuites><testsuite name="a"><testsuite name="b">
        <testcase classname="com.x.T" name="flaky" time="1,234.5"><flakyFailure message="once">trace</flakyFailure></testcase>
        <testcase classname="com.x.T" name="rerun" time="0.1"><failure type="E"><![CDATA[java.lang.E: boo
        at com.x]]></failure><rerunFailure message="again"/></testcase>
        <testcase classname="com.x.T" name="err"><error message="oops"/><system-err>lots</system-err></testcase>
        <testcase classname="com.x.T" name="off"><skipped/></testcase>
        </testsuite></testsuite></testsuites>`,
      );

      assert.deepEqual(countsOf(report), [1, 2, 1, 0, 0]);
      assert.deepEqual(
        report.named.map(({ name, message }) => [name, message.split('\n')[0]]),
        [
          ['com.x.T.rerun', 'java.lang.E: boo'],
          ['com.x.T.err', 'oops'],
        ],
      );
    });

    it('has tests that CTest and GoogleTest say were not run, and suites that broke as a whole', async () => {
      const report = await printed(
        'junit',
        `<testsuite name="ctest" tests="4"><testcase name="a" status="run" time="1"/><testcase name="b" status="fail"><failure message=""/></testcase><testcase name="c" status="notrun"/><testcase name="d" status="disabled"/><error message="before class">trace</error></testsuite>`,
      );

      assert.deepEqual(countsOf(report), [1, 2, 2, 0, 0]);
    });

    for (const [what, text, words] of [
      ['is cut off', '<testsuite><testcase name="a">', /unclosed tag/i],
      ['is something else', '<html><body/></html>', /<html> is no JUnit report/],
      ['is empty', '', /./],
      ['has a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', /DOCTYPE/],
      ['uses entities of its own', '<testsuite><testcase name="&a;"/></testsuite>', /entity/],
    ] as const) {
      it(`is invalid when it ${what}`, async () => {
        const report = await printed('junit', text);

        assert.equal(report.state, 'invalid');
        assert.match(report.text, words);
      });
    }

    it('comes from many files, and from no file outside of the workspace', () => {
      mkdirSync(join(workspace, 'out'));
      writeFileSync(join(dir, 'secret.xml'), '<testsuite><testcase name="secret"/></testsuite>');
      symlinkSync(join(dir, 'secret.xml'), join(workspace, 'out', 'TEST-link.xml'));
      symlinkSync(dir, join(workspace, 'up'));
      for (const name of ['a', 'b']) {
        const text = `<testsuite><testcase name="${name}"><failure/></testcase></testsuite>`;
        writeFileSync(join(workspace, 'out', `TEST-${name}.xml`), text);
      }

      const report = inFiles('junit', 'out/TEST-*.xml', '../*.xml', 'up/*.xml', '/etc/*');

      assert.equal(report.state, 'read', report.text);
      assert.deepEqual(
        report.named.map(({ name }) => name),
        ['a', 'b'],
      );
    });

    it('is missing where no file has its name', () => {
      const report = inFiles('junit', 'nowhere/*.xml');

      assert.equal(report.state, 'missing');
      assert.match(report.text, /nowhere/);
    });

    it('is capped where it is too large', () => {
      writeFileSync(
        join(workspace, 'large.xml'),
        `<testsuite>${' '.repeat(2_000_000)}</testsuite>`,
      );

      assert.equal(inFiles('junit', 'large.xml').state, 'capped');
    });

    it('is read by the encoding that it declares', () => {
      const text =
        '<?xml version="1.0" encoding="iso-8859-1"?><testsuite><testcase name="é"><failure/></testcase></testsuite>';
      writeFileSync(join(workspace, 'latin.xml'), Buffer.from(text, 'latin1'));

      assert.equal(inFiles('junit', 'latin.xml').named[0]?.name, 'é');
    });
  });

  describe('in TAP', () => {
    it('counts what stands in subtests, and not their sums', async () => {
      const report = await printed(
        'tap',
        `TAP version 14
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
`,
      );

      assert.equal(report.state, 'read', report.text);
      assert.deepEqual(countsOf(report), [1, 1, 1, 1, 1]);
      assert.deepEqual(report.named[1], { name: 'b', outcome: 'failed', message: 'boo' });
      assert.equal(report.mismatch, null);
    });

    it('says that its plan was not kept, or is not there', async () => {
      assert.match(
        (await printed('tap', '1..5\nok 1\nok 2\n')).mismatch ?? '',
        /5 .* planned, 2 came/,
      );
      assert.match((await printed('tap', 'ok 1\nok 2\n')).mismatch ?? '', /no plan/);
      assert.match(
        (await printed('tap', '1..2\nok 1\nBail out! no disk\n')).mismatch ?? '',
        /no disk/,
      );
    });

    it('has nothing in it when all is skipped, and is missing when there is none', async () => {
      assert.deepEqual(countsOf(await printed('tap', '1..0 # SKIP no network\n')), [0, 0, 0, 0, 0]);
      assert.equal((await printed('tap', 'hello\n')).state, 'missing');
    });
  });

  it("in the events of 'go test -json' has packages that did not build", async () => {
    const event = (value: object): string => `${JSON.stringify(value)}\n`;
    const report = await printed(
      'go-test',
      'go: downloading x\n' +
        event({ Action: 'run', Package: 'p', Test: 'TestA' }) +
        event({ Action: 'pass', Package: 'p', Test: 'TestA', Elapsed: 0.5 }) +
        event({ Action: 'run', Package: 'p', Test: 'TestB' }) +
        event({ Action: 'output', Package: 'p', Test: 'TestB', Output: '=== RUN   TestB\n' }) +
        event({ Action: 'output', Package: 'p', Test: 'TestB', Output: '    b_test.go:3: boo\n' }) +
        event({ Action: 'fail', Package: 'p', Test: 'TestB' }) +
        event({ Action: 'skip', Package: 'p', Test: 'TestC' }) +
        event({ Action: 'fail', Package: 'p', Elapsed: 1.5 }) +
        event({ Action: 'build-output', ImportPath: 'q', Output: 'q.go:1: syntax error\n' }) +
        event({ Action: 'build-fail', ImportPath: 'q' }) +
        event({ Action: 'fail', Package: 'r' }),
    );

    assert.deepEqual(countsOf(report), [1, 3, 1, 0, 0]);
    assert.deepEqual(
      report.named.map(({ name, message }) => [name, message]),
      [
        ['p.TestB', 'b_test.go:3: boo'],
        ['q', 'q.go:1: syntax error'],
        ['r', ''],
      ],
    );
    assert.equal(report.durationMs, 1_500);
  });

  it('in CTRF has its statuses, and says where it is wrong', async () => {
    const tests = [
      { name: 'a', status: 'passed', duration: 10 },
      { name: 'b', status: 'failed', duration: 20, message: 'boo', suite: ['s', 't'] },
      { name: 'c', status: 'pending', duration: 0 },
    ];
    const report = await printed(
      'ctrf',
      JSON.stringify({ results: { summary: { tests: 4 }, tests } }),
    );

    assert.deepEqual(countsOf(report), [1, 1, 1, 0, 0]);
    assert.equal(report.named[0]?.name, 's > t > b');
    assert.match(report.mismatch ?? '', /4 tests, 3/);
    assert.match(
      (await printed('ctrf', '{"results":{"tests":[{}]}}')).text,
      /results\.tests\.0\.name/,
    );
    assert.equal((await printed('ctrf', '{')).state, 'invalid');
  });

  describe('in what runners print for people', () => {
    const cases: readonly (readonly [
      ReportFormat,
      string,
      Counts,
      number | null,
      readonly string[],
    ])[] = [
      [
        'pytest',
        'FAILED test_a.py::test_bad - assert 1 == 2\nERROR test_b.py\n== \u001b[31m1 failed\u001b[0m, 3 passed, 2 skipped, 1 xfailed, 1 xpassed, 1 error in 1.50s (0:00:01) ==\n',
        [3, 2, 2, 1, 1],
        1_500,
        ['test_a.py::test_bad', 'test_b.py'],
      ],
      ['pytest', '===== no tests ran in 0.01s =====\n', [0, 0, 0, 0, 0], 10, []],
      [
        'unittest',
        'FAIL: test_x (m.C.test_x)\n-----\nRan 9 tests in 0.250s\n\nFAILED (failures=1, errors=1, skipped=2, expected failures=1)\n',
        [4, 2, 2, 1, 0],
        250,
        ['test_x (m.C.test_x)'],
      ],
      [
        'unittest',
        'Ran 3 tests in 0.001s\n\nOK\nRan 2 tests in 0.001s\n\nOK (skipped=2)\n',
        [3, 0, 2, 0, 0],
        2,
        [],
      ],
      [
        'trial',
        'Ran 6 tests in 1.000s\n\nFAILED (skips=1, failures=1, errors=1, successes=3)\n',
        [3, 2, 1, 0, 0],
        1_000,
        [],
      ],
      [
        'mocha',
        '\n  12 passing (2s)\n  1 pending\n  1 failing\n\n  1) adds\n       two numbers:\n',
        [12, 1, 1, 0, 0],
        null,
        ['adds'],
      ],
      [
        'node-test',
        '✖ adds (1.5ms)\nℹ tests 5\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\n',
        [3, 1, 1, 0, 0],
        null,
        ['adds'],
      ],
      [
        'busted',
        '10 successes / 1 failure / 1 error / 2 pending : 0.5 seconds\nFailure → spec/a_spec.lua @ 3\n',
        [10, 2, 2, 0, 0],
        500,
        ['spec/a_spec.lua @ 3'],
      ],
    ];
    for (const [format, text, counts, durationMs, names] of cases) {
      it(`has the summary of ${format}: ${counts.join(', ')}`, async () => {
        const report = await printed(format, text);

        assert.equal(report.state, 'read', report.text);
        assert.deepEqual(countsOf(report), counts);
        assert.equal(report.durationMs, durationMs);
        assert.deepEqual(
          report.named.map(({ name }) => name),
          names,
        );
      });
    }

    it('is missing where there is no summary', async () => {
      assert.equal((await printed('pytest', 'Segmentation fault\n')).state, 'missing');
    });
  });
});
