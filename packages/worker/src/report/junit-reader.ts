import type { TestOutcome } from '@weir/protocol';
import type { SaxesAttributePlain } from 'saxes';
import { ReportError, isDuration } from './tally.ts';
import type { Tally } from './tally.ts';
import { maxKeptName } from './words.ts';

type Attributes = Record<string, string | SaxesAttributePlain>;

/** A suite, or several of them in one file. */
interface OpenSuite {
  readonly name: string;
  /** Its name behind those of the suites around it. */
  readonly path: string;
  /** As the suite itself has it. */
  readonly durationMs: number | undefined;
  /** Of all that is in it. */
  partsMs: number | undefined;
}

interface OpenCase {
  readonly name: string;
  readonly durationMs: number | undefined;
  outcome: TestOutcome;
  /** Its failure is none: it is disabled, or node:test knows it as one that is to be done. */
  isExcused: boolean;
  attempt: number;
  message: string;
}

/** So much of a failure's text is looked at for its first words. */
const maxText = 4_000;
/** No report is nested deeper. */
const maxDepth = 200;
const suites = new Set(['testsuites', 'testsuite']);
const failures = new Set(['failure', 'error']);
/** Surefire and cargo-nextest: tries that failed, of a test that passed or failed in the end. */
const earlierTries = new Set(['flakyFailure', 'flakyError', 'rerunFailure', 'rerunError']);
/** What CTest, GoogleTest and others say by an attribute, `status` or `result`. */
const outcomeOfStatus = new Map<string, TestOutcome>([
  ['notrun', 'skipped'],
  ['disabled', 'skipped'],
  ['skipped', 'skipped'],
  ['suppressed', 'skipped'],
  ['fail', 'failed'],
  ['failed', 'failed'],
  ['errored', 'failed'],
]);

/** Makes tests of JUnit's elements, as they open and close. */
export class JunitReader {
  readonly #tally: Tally;
  /** Names of the elements around. */
  readonly #path: string[] = [];
  readonly #suites: OpenSuite[] = [];
  #case: OpenCase | null = null;
  /** Text of the failure at hand. */
  #text: string | null = null;
  #cases = 0;
  /** So many tests its largest suite speaks of. */
  #announced = 0;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  get wantsText(): boolean {
    return this.#text !== null && this.#text.length < maxText;
  }

  open(name: string, attributes: Attributes, line: number): void {
    const parent = this.#path.at(-1);
    if (parent === undefined && !suites.has(name)) {
      throw new ReportError('invalid', `${line}: <${name}> is no JUnit report`);
    }
    if (this.#path.length >= maxDepth) {
      throw new ReportError('invalid', `${line}: it is nested deeper than ${maxDepth} elements`);
    }
    this.#path.push(name);
    if (suites.has(name)) this.#openSuite(attributes);
    else if (name === 'testcase') this.#case = this.#openCase(attributes);
    else if (parent === 'testcase') this.#judge(name, attributes);
    else if (suites.has(parent ?? '') && failures.has(name)) {
      // The suite itself broke, outside of any test.
      this.#case = this.#openCase({ name: this.#suites.at(-1)?.name ?? '' });
      this.#judge(name, attributes);
    }
  }

  close(name: string): void {
    this.#path.pop();
    if (suites.has(name)) return this.#closeSuite();
    const open = this.#case;
    if (open === null) return;
    if (failures.has(name) && this.#text !== null) {
      if (open.message === '') open.message = this.#text;
      this.#text = null;
    }
    const isOver = name === 'testcase' || suites.has(this.#path.at(-1) ?? '');
    if (!isOver) return;
    this.#case = null;
    this.#cases += 1;
    this.#tally.add(open);
    this.#addMs(open.durationMs);
  }

  /** After the last element. */
  end(): void {
    if (this.#cases > 0 || this.#announced === 0) return;
    this.#tally.differs(`its suites speak of ${this.#announced} tests, none is there`);
  }

  text(text: string): void {
    if (this.wantsText) this.#text = ((this.#text ?? '') + text).slice(0, maxText).trimStart();
  }

  /** What a child of a test says of it. A failure outweighs all else. */
  #judge(name: string, attributes: Attributes): void {
    const open = this.#case;
    if (open === null) return;
    const message = attribute(attributes, 'message');
    if (failures.has(name)) {
      // pytest writes an unexpected pass of a strict xfail as a failure.
      const isPass = message.startsWith('[XPASS(strict)]');
      if (open.outcome !== 'failed' && !open.isExcused) {
        open.outcome = isPass ? 'unexpected-pass' : 'failed';
      }
      if (open.message === '') open.message = message;
      this.#text = '';
    } else if (name === 'skipped' && open.outcome === 'passed') {
      const type = attribute(attributes, 'type');
      open.isExcused ||= type === 'todo';
      const isExpected = type === 'todo' || type === 'pytest.xfail';
      open.outcome = isExpected ? 'expected-failure' : 'skipped';
      open.message = message;
    } else if (earlierTries.has(name)) {
      open.attempt += 1;
      if (open.message === '') open.message = message;
    }
  }

  #openCase(attributes: Attributes): OpenCase {
    const status = attribute(attributes, 'status').toLowerCase();
    const result = attribute(attributes, 'result').toLowerCase();
    return {
      name: this.#nameOf(attributes),
      durationMs: milliseconds(attribute(attributes, 'time')),
      outcome: outcomeOfStatus.get(result) ?? outcomeOfStatus.get(status) ?? 'passed',
      isExcused: status === 'disabled',
      attempt: 1,
      message: '',
    };
  }

  /** Its class and its name; without a class, the suites around it. */
  #nameOf(attributes: Attributes): string {
    const name = attribute(attributes, 'name').trim().slice(0, maxKeptName);
    const group = attribute(attributes, 'classname').trim().slice(0, maxKeptName);
    // node:test has one word for the class of all tests.
    if (group !== '' && group !== 'test') return group === name ? name : `${group}.${name}`;
    const around = this.#suites.findLast((suite) => suite.name !== '');
    if (around === undefined) return name;
    return around.name === name ? around.path : `${around.path} > ${name}`;
  }

  #openSuite(attributes: Attributes): void {
    const name = attribute(attributes, 'name').trim().slice(0, maxKeptName);
    const around = this.#suites.findLast((suite) => suite.name !== '')?.path ?? '';
    this.#suites.push({
      name,
      // Every test in it may carry this name.
      path: [around, name]
        .filter((part) => part !== '')
        .join(' > ')
        .slice(0, maxKeptName),
      durationMs: milliseconds(attribute(attributes, 'time')),
      partsMs: undefined,
    });
    const tests = Number.parseInt(attribute(attributes, 'tests'), 10);
    if (tests > this.#announced) this.#announced = tests;
  }

  #closeSuite(): void {
    const suite = this.#suites.pop();
    if (suite === undefined) return;
    // Some producers write a time of zero where they know none.
    const { durationMs = 0, partsMs = suite.durationMs } = suite;
    this.#addMs(durationMs > 0 ? durationMs : partsMs);
  }

  /** The time of what has ended counts for the suite around it; at the end of a file, for the report. */
  #addMs(ms: number | undefined): void {
    const suite = this.#suites.at(-1);
    if (suite === undefined) this.#tally.addDuration(ms);
    else if (ms !== undefined) suite.partsMs = (suite.partsMs ?? 0) + ms;
  }
}

/** From seconds, which Surefire groups by commas and some locales part by one. */
function milliseconds(text: string): number | undefined {
  const isGrouped = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(text);
  const ms = Number.parseFloat(text.replaceAll(',', isGrouped ? '' : '.')) * 1_000;
  return isDuration(ms) ? ms : undefined;
}

function attribute(attributes: Attributes, name: string): string {
  const value = attributes[name];
  return typeof value === 'string' ? value : '';
}
