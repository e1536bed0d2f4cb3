import { linesOf } from './lines.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

const end = /^Files=\d+, Tests=(?<tests>\d+), +(?<seconds>\d+) wallclock secs /;
const head = /^(?<file>\S[^(]*) \(Wstat: .* Tests: \d+ Failed: (?<failed>\d+)\)$/;
const detail =
  /^ {2}(?<what>Failed test|TODO passed|Parse errors|Non-zero (?:exit|wait) status)s?: +(?<text>.+)$/;

/** A test script of which the summary report has something to say. */
interface Script {
  readonly file: string;
  readonly failed: number;
  unexpected: number;
  /** Why it failed as a whole. */
  broken: string;
  failedTests: string;
}

/**
 * Reads what Perl's `prove` and Test::Harness print at the end (`TAP::Formatter::Base`): totals, and a
 * report of the scripts that were not all well. It does not tell which tests were skipped. A script
 * that broke without a failed test is a failed test of that name.
 *
 * @throws ReportError when there are no totals
 */
export function readProve(pieces: Iterable<string>, tally: Tally): void {
  let scripts: Script[] = [];
  let ends = 0;
  for (const line of linesOf(pieces)) {
    const script = head.exec(line)?.groups;
    if (script !== undefined) {
      const { file = '', failed = '' } = script;
      scripts.push({
        file: file.trim(),
        failed: Number(failed),
        unexpected: 0,
        broken: '',
        failedTests: '',
      });
    }
    const { what, text = '' } = detail.exec(line)?.groups ?? {};
    const current = scripts.at(-1);
    if (what !== undefined && current !== undefined) note(current, what, text);
    if (what === 'Parse errors') tally.differs(`${current?.file}: ${text}`);
    const totals = end.exec(line)?.groups;
    if (totals === undefined) continue;
    ends += 1;
    tally.addDuration(Number(totals['seconds']) * 1_000);
    addTests(Number(totals['tests']), scripts, tally);
    scripts = [];
  }
  if (ends === 0) throw new ReportError('missing', 'prove printed no summary');
}

function note(script: Script, what: string, text: string): void {
  if (what === 'Failed test') script.failedTests = `failed tests: ${text}`;
  else if (what === 'TODO passed') script.unexpected = countOf(text);
  // A parse error says more than the exit status that stands before it.
  else script.broken = what === 'Parse errors' ? text : `${what.toLowerCase()}: ${text}`;
}

function addTests(tests: number, scripts: readonly Script[], tally: Tally): void {
  let rest = tests;
  for (const { file, failed, unexpected, broken, failedTests } of scripts) {
    tally.addMany('failed', failed);
    tally.addMany('unexpected-pass', unexpected);
    rest -= failed + unexpected;
    if (failed > 0) tally.name({ name: file, outcome: 'failed', message: failedTests });
    else if (broken !== '') tally.add({ name: file, outcome: 'failed', message: broken });
    if (unexpected > 0) tally.name({ name: file, outcome: 'unexpected-pass' });
  }
  tally.addMany('passed', Math.max(0, rest));
}

/** `2-3, 6` are three. */
function countOf(ranges: string): number {
  let count = 0;
  for (const range of ranges.split(', ')) {
    const [first, last = first] = range.split('-').map(Number);
    if (first !== undefined && last !== undefined && last >= first) count += last - first + 1;
  }
  return count;
}
