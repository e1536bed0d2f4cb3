import assert from 'node:assert/strict';
import { buildSchema, buildTestsSchema } from '@weir/protocol';
import type { ApiBuild, Finding, Result } from '@weir/protocol';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { MailServer } from './support/mail-server.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

describe('a step with a report', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let mails: MailServer;

  before(async () => {
    repositories = await createSmallFarm();
    mails = await MailServer.start();
    farm = await FarmProcess.start({
      farm: repositories.farm({
        beside: `    expected-failures:
      - { test: known *, issue: 'https://issues.example/7?a=b', until: 2099-12-31 }
      - { test: old *, issue: 'https://issues.example/8', until: 2026-01-01 }
`,
        extra: `notify: {gather: 0s, to: [ops@example.test], smtp: '${mails.url}'}\n`,
        steps: [
          '- { name: test, run: sh app.txt, report: tap }',
          '- { name: report, run: sh -c "cat out.xml > copy.xml", report: junit, report-files: ["*.xml"] }',
          '- { name: summary, run: cat summary.txt, report: pytest }',
        ],
      }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await mails?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
  });

  /** Builds a commit whose tests do this. */
  async function built(
    message: string,
    script: string,
    { xml = passing, summary = '=== 1 passed in 0.01s ===\n' } = {},
  ): Promise<ApiBuild> {
    let after = farm.events.last;
    const commit = await repositories.app.commit({
      message,
      files: { 'app.txt': script, 'out.xml': xml, 'summary.txt': summary },
    });
    for (;;) {
      const about = { after, data: { builder: appBuilder } };
      const { subject, number } = await farm.events.until('build.finished', about);
      const path = `/api/v1/builds/${subject.slice('build/'.length)}`;
      const build = await farm.get(path, buildSchema);
      // A red one before it is run once more.
      if (build.revisions.project === commit) return build;
      after = number;
    }
  }

  const passing = '<testsuite><testcase name="a"/></testsuite>';
  const tap = (text: string): string => `printf '${text.replaceAll('\n', '\\n')}'\n`;

  const cases: readonly (readonly [string, string, Result, readonly Finding[], RegExp])[] = [
    ['passes', tap('1..2\nok 1\nok 2 # SKIP no net\n'), 'success', [], /^$/],
    [
      'exits with 0 and has failures',
      tap('1..2\nok 1\nnot ok 2 - adds\n'),
      'failure',
      ['exit-disagrees'],
      /^test: exit code 0, though 1 of 2 tests failed$/,
    ],
    [
      'fails, and has no failures',
      `${tap('1..1\nok 1\n')}exit 1\n`,
      'failure',
      ['exit-disagrees'],
      /^test: exit code 1, though its one test passed$/,
    ],
    [
      'fails, and says what failed',
      `${tap('1..2\nok 1\nnot ok 2 - adds\n')}exit 1\n`,
      'failure',
      [],
      /^test: 1 of 2 tests failed, exit code 1$/,
    ],
    [
      'skips everything',
      tap('1..2\nok 1 # SKIP x\nok 2 # SKIP x\n'),
      'failure',
      ['all-skipped'],
      /all 2 tests were skipped/,
    ],
    [
      'runs nothing',
      tap('1..0 # SKIP no database\n'),
      'failure',
      ['all-skipped', 'tests-vanished'],
      /it ran no tests: no database/,
    ],
    [
      'is cut off',
      tap('1..9\nok 1\nok 2\n'),
      'failure',
      ['plan-mismatch'],
      /9 tests were planned, 2 came/,
    ],
    [
      'is cut off, and fails',
      `${tap('1..9\nok 1\n')}exit 1\n`,
      'failure',
      ['plan-mismatch'],
      /^test: 9 tests were planned, 1 came, exit code 1$/,
    ],
    [
      'is cut off behind a failure',
      `${tap('1..9\nnot ok 1\n')}exit 1\n`,
      'failure',
      ['plan-mismatch'],
      /^test: 1 of 1 test failed; 9 tests were planned, 1 came, exit code 1$/,
    ],
    ['prints no report', 'true\n', 'failure', ['report-missing'], /no report: there is no TAP/],
    [
      'is killed',
      `${tap('1..9\nok 1\n')}kill -9 $$\n`,
      'failure',
      ['plan-mismatch', 'killed-by-signal'],
      /killed by SIGKILL/,
    ],
    [
      'passes what was expected to fail',
      tap('1..1\nok 1 # TODO later\n'),
      'warnings',
      ['unexpected-pass'],
      /1 test passed unexpectedly/,
    ],
    [
      'fails only by what its project expects',
      `${tap('1..2\nok 1\nnot ok 2 - known bug\n')}exit 1\n`,
      'success',
      [],
      /^$/,
    ],
    [
      'fails by more than that',
      `${tap('1..2\nnot ok 1\nnot ok 2 - known bug\n')}exit 1\n`,
      'failure',
      [],
      /^test: 1 of 2 tests failed, exit code 1$/,
    ],
    [
      'fails by what was expected until yesterday',
      `${tap('1..2\nok 1\nnot ok 2 - old bug\n')}exit 1\n`,
      'failure',
      [],
      /^test: 1 of 2 tests failed, exit code 1; old \* was expected to fail until 2026-01-01: https:\/\/issues\.example\/8$/,
    ],
    [
      'passes what its project expects to fail',
      tap('1..2\nok 1\nok 2 - known bug\n'),
      'warnings',
      ['unexpected-pass'],
      /^test: known \* passes, and was expected to fail: https:\/\/issues\.example\/7\?a=b$/,
    ],
  ];
  for (const [what, script, result, findings, text] of cases) {
    it(`${what}: ${[result, ...findings].join(', ')}`, async () => {
      const build = await built(what, script);

      assert.deepEqual([build.result, build.findings], [result, findings]);
      assert.match(build.text, text);
    });
  }

  it('says on its page how many tests there were, and which failed', async () => {
    const { id } = await built('names', tap('1..2\nok 1\nnot ok 2 - adds <two> numbers\n'));

    const page = await (await fetch(new URL(`/builds/${id}`, farm.url))).text();

    assert.match(page, /1 passed, 1 failed/);
    assert.match(page, /<code>adds &lt;two&gt; numbers<\/code>/);
  });

  it('says on its page what failed as expected, and where that is dealt with', async () => {
    const { id, steps } = await built('known', `${tap('1..1\nnot ok 1 - known bug\n')}exit 1\n`);

    const page = await (await fetch(new URL(`/builds/${id}`, farm.url))).text();

    assert.equal(steps[0]?.text, '1 of 1 test failed as expected, exit code 1');
    assert.match(page, /1 of <code>known \*<\/code> failed as expected: <a href="https:\/\/issues/);
  });

  it('is read from files, and ends the build where they are no report', async () => {
    const good = await built('good', tap('1..1\nok 1\n'));
    const bad = await built('bad', tap('1..1\nok 1\n'), {
      xml: '<testsuite><testcase name="a">',
    });

    assert.equal(good.steps[1]?.report?.totals.passed, 2, 'of both files');
    assert.deepEqual([bad.result, bad.findings], ['failure', ['report-invalid']]);
    assert.match(bad.text, /^report: its report: copy\.xml: /);
  });

  /** Tests that pass, and some that are skipped after them. Each test has more than those before it. */
  function suite(passing: number, skipped = 0): string {
    const count = passing + skipped;
    const lines = Array.from({ length: count }, (_, index) => {
      const skip = index < passing ? '' : ' # SKIP no net';
      return `ok ${index + 1} - t${index}${skip}\n`;
    });
    return tap(`1..${count}\n${lines.join('')}`);
  }

  it('loses half of its tests, or skips them: a failure, against the last green build', async () => {
    const green = await built('thirty', suite(30));
    const gone = await built('half', suite(15));
    const skipped = await built('skipped', suite(20, 10));
    const fewer = await built('a few less', suite(26, 2));

    const of = `#${green.number}`;
    assert.deepEqual(
      [green, gone, skipped, fewer].map(({ result, findings, text }) => [result, findings, text]),
      [
        ['success', [], ''],
        [
          'failure',
          ['tests-vanished'],
          `test: 15 tests where ${of} had 30 (may-vanish allows 10 %)`,
        ],
        [
          'failure',
          ['skips-jumped'],
          `test: 10 of 30 tests skipped, and 0 of 30 in ${of} (may-skip allows 10 % more)`,
        ],
        ['success', [], ''],
      ],
    );
    assert.equal(gone.steps[0]?.result, 'failure');
    assert.equal(gone.steps[1]?.result, 'success', 'its worker went on');
  });

  it('opens a breakage when its tests vanish; mail and page say how many, which, and what to do', async () => {
    await built('fifty', suite(50));
    const red = await built('four', suite(4));

    const words = /test +tests-vanished: 4 tests where #\d+ had 50 \(may-vanish allows 10 %\)/;
    await mails.until((all) => all.some(({ text }) => words.test(text)));
    const mail = mails.mails.find(({ text }) => words.test(text))?.text ?? '';
    const [, breakage = ''] = /\/breakages\/(\d+)/.exec(mail) ?? [];
    const page = await (await fetch(new URL(`/breakages/${breakage}`, farm.url))).text();

    assert.match(
      mail,
      /46 tests vanished:\n\n {4}t10\n {4}t11\n {4}t12\n {4}t13\n {4}t14\n {4}and 41 more/,
    );
    assert.match(mail, /weir accept-tests \d+/);
    assert.match(mail, /report: 2 passed/, 'what passed besides');
    assert.match(mail, /\/builds\/\d+\/tests\?step=0/);
    assert.match(page, /46 tests vanished/);
    assert.match(page, /<code>t10<\/code>/);
    assert.match(page, /weir accept-tests \d+/);
    assert.equal(red.findings[0], 'tests-vanished');
  });

  it('opens a breakage when a test fails, and the mail says which', async () => {
    await built('fifty-five', suite(55));
    const lines = Array.from({ length: 54 }, (_, n) => `ok ${n + 1} - t${n}\n`).join('');
    await built('one fails', tap(`1..55\n${lines}not ok 55 - t54\n# boo 1 != 2\n`));

    const words = /1 test failed:\n\n {4}t54: boo 1 != 2\n/;
    await mails.until((all) => all.some(({ text }) => words.test(text)));
  });

  it('has a list of all its tests, with what changed since the last green build', async () => {
    const green = await built('sixty', suite(60));
    const lines = Array.from(
      { length: 59 },
      (_, n) => `${n === 0 ? 'not ' : ''}ok ${n + 1} - t${n}\n`,
    );
    const red = await built('one fails, one is gone', tap(`1..59\n${lines.join('')}`));

    const path = `/api/v1/builds/${red.id}/tests?change=any`;
    const { base, items } = await farm.get(path, buildTestsSchema);

    assert.equal(base?.id, green.id);
    assert.deepEqual(
      items.map(({ name, change }) => [name, change]),
      [
        ['t0', 'newly-failing'],
        ['t59', 'vanished'],
      ],
    );
  });

  it('is green with fewer tests once a person accepts them', async () => {
    await built('seventy', suite(70));
    const red = await built('ten', suite(10));
    const { last: after } = farm.events;
    const accept = `/api/v1/builds/${red.id}/accept-tests`;

    await farm.post(accept, { reason: 'sixty were of no use' });
    const about = { after, data: { builder: appBuilder, result: 'success' } };
    await farm.events.until('build.finished', about);
    const next = await built('ten, still', suite(10));

    assert.deepEqual([red.result, next.result], ['failure', 'success']);
    await assert.rejects(farm.post(accept, { reason: 'once more' }), /no-change|409/);
  });

  it('says on its page what a finding means and what to do, and takes no suite that ran nothing', async () => {
    await built('ninety', suite(90));
    const none = await built('all skipped', suite(0, 90));
    await built('ninety again', suite(90));
    const few = await built('eighty of ninety', suite(80));
    const accept = `/api/v1/builds/${none.id}/accept-tests`;
    const pageOf = async ({ id }: ApiBuild): Promise<string> =>
      (await fetch(new URL(`/builds/${id}`, farm.url))).text();

    assert.deepEqual(none.findings, ['all-skipped', 'skips-jumped']);
    assert.match(await pageOf(none), /all-skipped: no test ran[^]*stays red/);
    assert.match(await pageOf(few), /far fewer tests than in the last green build/);
    assert.match(await pageOf(few), new RegExp(`weir accept-tests ${few.id} `));
    await assert.rejects(farm.post(accept, { reason: 'none is needed' }), /409/);
  });

  it('is too large to be read: that is no pass, and no measure for the next', async () => {
    const green = await built('a hundred', suite(100), { summary: '=== 40 passed in 0.01s ===\n' });
    const capped = await built('millions', suite(100), {
      summary: '=== 9000000 passed in 1s ===\n',
    });
    const gone = await built('two', suite(100), { summary: '=== 2 passed in 0.01s ===\n' });

    assert.deepEqual([capped.result, capped.findings], ['failure', ['report-cap']]);
    assert.match(gone.text, new RegExp(`^summary: 2 tests where #${green.number} had 40`));
  });
});
