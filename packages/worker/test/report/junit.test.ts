import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { countsOf, readPieces } from './readers.ts';
import type { RecordingTally } from './readers.ts';

const read = (text: string): RecordingTally => readPieces('junit', text);
const names = ({ tests }: RecordingTally): string[] => tests.map(({ name }) => name);

describe('a report in JUnit XML', () => {
  it('has the dialect of pytest', () => {
    const report = read(
      `<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="2" tests="7" time="0.078">
      <testcase classname="test_a" name="test_ok" time="0.001"/>
      <testcase classname="test_a" name="test_bad" time="0.002"><failure message="assert 1 == 2">def test_bad():
      &gt; assert 1 == 2</failure></testcase>
      <testcase classname="test_a" name="test_skip" time="0.000"><skipped type="pytest.skip" message="no">test_a.py:9: no</skipped></testcase>
      <testcase classname="test_a" name="test_x" time="0.001"><skipped type="pytest.xfail" message="known"/></testcase>
      <testcase classname="test_a" name="test_xp" time="0.001"><failure message="[XPASS(strict)] known"/></testcase>
      <testcase classname="test_a" name="test_colour[&#x1b;[1m]" time="0.001"><system-out>&#x1b;[31mred&#x1b;[0m</system-out></testcase>
      <testcase classname="test_a" name="test_down" time="0.002"><skipped type="pytest.xfail" message="known"/><error message="failed on teardown"/></testcase>
      </testsuite></testsuites>`,
    );

    assert.deepEqual(countsOf(report), [2, 2, 1, 1, 1]);
    assert.deepEqual(report.named, [
      { name: 'test_a.test_bad', outcome: 'failed', message: 'assert 1 == 2' },
      { name: 'test_a.test_xp', outcome: 'unexpected-pass', message: '[XPASS(strict)] known' },
      { name: 'test_a.test_down', outcome: 'failed', message: 'known' },
    ]);
    assert.equal(report.durationMs, 78);
    assert.equal(report.tests[2]?.message, 'no');
  });

  it('has the tries of Surefire and cargo-nextest', () => {
    const report = read(
      `<testsuite name="com.x.T" tests="3" time="1,234.5">
      <testcase classname="com.x.T" name="steady" time="0.1"/>
      <testcase classname="com.x.T" name="flaky" time="0.1"><flakyFailure message="once" type="E"><stackTrace><![CDATA[E: once]]></stackTrace><system-out>x</system-out></flakyFailure><flakyError message="twice"/></testcase>
      <testcase classname="com.x.T" name="broken" time="0.1"><failure type="E"><![CDATA[java.lang.E: boo
      at com.x]]></failure><rerunFailure message="again"><stackTrace>E</stackTrace></rerunFailure><rerunError message="and again"/></testcase>
      </testsuite>`,
    );

    assert.deepEqual(countsOf(report), [2, 1, 0, 0, 0]);
    assert.deepEqual(
      report.tests.map(({ outcome, attempt, message = '' }) => [
        outcome,
        attempt,
        message.split('\n')[0],
      ]),
      [
        ['passed', 1, ''],
        ['passed', 3, 'once'],
        ['failed', 3, 'java.lang.E: boo'],
      ],
    );
    assert.equal(report.durationMs, 1_234_500);
  });

  it('has the tests of GoogleTest and CTest that were not run', () => {
    const report = read(
      `<testsuites><testsuite name="ctest" tests="5"><testcase name="a" classname="a" status="run" time="1"/><testcase name="b" classname="b" status="fail"><failure message=""/></testcase><testcase name="c" classname="c" status="notrun"/><testcase name="d" classname="d" status="disabled"/><testcase name="e" classname="e" status="disabled"><failure message="known"/></testcase></testsuite>
      <testsuite name="Gtest"><testcase name="f" classname="Gtest" status="notrun" result="suppressed"/><testcase name="g" classname="Gtest" status="run" result="skipped"><skipped message="gtest.cc:1"/></testcase><testcase name="h" classname="Gtest" status="run" result="completed"><failure message="one"/><failure message="two"/></testcase></testsuite></testsuites>`,
    );

    assert.deepEqual(countsOf(report), [1, 2, 5, 0, 0]);
    assert.deepEqual(report.named.at(-1), { name: 'Gtest.h', outcome: 'failed', message: 'one' });
  });

  it('has the nested suites of PHPUnit, each test once', () => {
    const report = read(
      `<testsuites><testsuite name="all" tests="3" time="0.9">
      <testsuite name="Tests\\A" file="/a.php" tests="2" time="0.5"><testcase name="one" class="Tests\\A" classname="Tests.A" time="0.2"/>
        <testsuite name="Tests\\A::two" tests="1" time="0.3"><testcase name="two with data set #0" classname="Tests.A" time="0.3"><error type="E">Tests\\A::two
boo</error></testcase></testsuite></testsuite>
      <testcase name="three" classname="Tests.B" time="0.4"><skipped/></testcase></testsuite></testsuites>`,
    );

    assert.deepEqual(countsOf(report), [1, 1, 1, 0, 0]);
    assert.deepEqual(names(report), [
      'Tests.A.one',
      'Tests.A.two with data set #0',
      'Tests.B.three',
    ]);
    assert.equal(report.durationMs, 900);
  });

  it('has the todo of node:test, whose failure is none', () => {
    const report = read(
      `<testsuites><testcase name="plain" time="0.1" classname="test"/><testsuite name="s" time="0.2"><testcase name="later" classname="s"><skipped type="todo" message="soon"/><failure message="boo">x</failure></testcase><testcase name="in s" classname="test"/></testsuite></testsuites>`,
    );

    assert.deepEqual(countsOf(report), [2, 0, 0, 1, 0]);
    assert.deepEqual(names(report), ['plain', 's.later', 's > in s']);
  });

  it('names a test by its suites where it has no class, and by one name where both are the same', () => {
    const report = read(
      `<testsuites name="all"><testsuite name="a"><testsuite name="b"><testcase name="x"/><testcase classname="Sum adds" name="Sum adds"/></testsuite><testsuite/></testsuite><testcase name="x"/><testcase/></testsuites>`,
    );

    assert.deepEqual(names(report), ['all > a > b > x', 'Sum adds', 'all > x', 'all > ']);
  });

  it('counts a suite that broke outside of its tests', () => {
    const report = read(
      '<testsuite name="T" tests="1"><testcase name="a"/><error message="before class">trace</error></testsuite>',
    );

    assert.deepEqual(countsOf(report), [1, 1, 0, 0, 0]);
    assert.deepEqual(report.named, [{ name: 'T', outcome: 'failed', message: 'before class' }]);
  });

  it('counts tests of one name as often as they come', () => {
    const report = read(
      '<testsuite><testcase name="a"><failure/></testcase><testcase name="a"/></testsuite>',
    );

    assert.deepEqual(countsOf(report), [1, 1, 0, 0, 0]);
  });

  for (const [time, what, ms] of [
    ['0,123', 'a comma before the fraction', 123],
    ['1,234', 'a comma between thousands', 1_234_000],
    ['1,234,567.5', 'several of them', 1_234_567_500],
    ['1.7e-05', 'an exponent', 0.017],
    ['-4416.2', 'less than nothing', undefined],
    ['1e308', 'more than a year', undefined],
    ['soon', 'a word', undefined],
    ['', 'nothing', undefined],
  ] as const) {
    it(`takes a time with ${what}`, () => {
      const { tests } = read(`<testsuite><testcase name="a" time="${time}"/></testsuite>`);

      const got = tests[0]?.durationMs;
      assert.equal(got === undefined ? got : Number(got.toFixed(6)), ms);
    });
  }

  it('takes as long as its outermost suites say, and else as their tests', () => {
    const test = '<testcase name="a" time="2"/>';
    const suite = (time: string): string => `<testsuite${time}>${test}${test}</testsuite>`;

    const duration = (text: string): number | null => read(text).durationMs;

    assert.equal(duration(suite(' time="3"')), 3_000);
    assert.equal(duration(suite('')), 4_000);
    assert.equal(duration(suite(' time="0.000"')), 4_000);
    assert.equal(duration(`<testsuites>${suite(' time="3"')}${suite('')}</testsuites>`), 7_000);
    assert.equal(duration(`<testsuites time="5">${suite(' time="3"')}</testsuites>`), 5_000);
    assert.equal(duration('<testsuite><testcase name="a"/></testsuite>'), null);
  });

  it('is the same in pieces of any size', () => {
    const text =
      '\ufeff<?xml version="1.0"?><testsuites><!-- <testcase/> --><testsuite name="ä"><testcase name="😀 &lt;&amp;&#128512;"><failure message="a&#10;b"><![CDATA[]]]]><![CDATA[>]]></failure></testcase><system-out><![CDATA[<testcase name="no"/>]]></system-out></testsuite></testsuites>';
    const whole = read(text);

    for (const size of [1, 2, 3, 7, 64]) {
      const report = readPieces('junit', text, size);
      assert.deepEqual(report.tests, whole.tests);
    }
    assert.deepEqual(names(whole), ['ä > 😀 <&😀']);
  });

  it('holds little of what a suite prints', () => {
    const noise = 'x'.repeat(1_000_000);
    const report = read(
      `<testsuite><testcase name="a"><system-out><![CDATA[${noise}]]></system-out><system-err>${noise}</system-err></testcase><!--${noise}--><testcase name="b"><failure>boo ${noise}</failure></testcase></testsuite>`,
    );

    assert.deepEqual(countsOf(report), [1, 1, 0, 0, 0]);
    assert.ok((report.tests[1]?.message ?? '').length < 5_000);
  });

  it('has a suite with a name of megabytes, which its tests do not multiply', () => {
    const cases = '<testcase name="a"/>'.repeat(20_000);
    const report = read(`<testsuite name="${'y'.repeat(5_000_000)}">${cases}</testsuite>`);

    assert.equal(report.totals.passed, 20_000);
    assert.ok((report.tests[0]?.name.length ?? 0) < 10_000);
  });

  it('announces tests that do not come', () => {
    assert.match(read('<testsuite tests="6" failures="1"/>').mismatch ?? '', /6 tests, none/);
    assert.equal(read('<testsuite tests="0"/>').mismatch, null);
    assert.equal(read('<testsuite tests="7"><testcase name="a"/></testsuite>').mismatch, null);
  });

  it('is missing when it is empty', () => {
    for (const text of ['', '\ufeff \n']) {
      assert.throws(() => read(text), { name: 'ReportError', state: 'missing' });
    }
  });

  for (const [what, text, words] of [
    ['is cut off', '<testsuite><testcase name="a">', /unclosed tag/i],
    ['is something else', '<html><body/></html>', /<html> is no JUnit report/],
    ['has a DOCTYPE', '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', /DOCTYPE/],
    ['uses entities of its own', '<testsuite><testcase name="&a;"/></testsuite>', /entity/],
    ['is nested too deeply', `<testsuite>${'<a>'.repeat(1_000)}`, /deeper than 200/],
  ] as const) {
    it(`is invalid when it ${what}`, () => {
      assert.throws(() => read(text), { name: 'ReportError', state: 'invalid', message: words });
    });
  }
});
