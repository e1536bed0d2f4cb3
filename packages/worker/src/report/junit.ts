import type { TestOutcome } from '@weir/protocol';
import { SaxesParser } from 'saxes';
import type { SaxesAttributePlain } from 'saxes';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

type Attributes = Record<string, string | SaxesAttributePlain>;

interface OpenCase {
  readonly name: string;
  readonly durationMs: number | undefined;
  outcome: TestOutcome;
  message: string;
}

/** So much of a failure's text is looked at for its first words. */
const maxText = 4_000;
/** What real producers write though XML 1.0 has no place for it: raw control characters, `&#27;`. */
const isHarmless = /disallowed character|malformed character entity/i;
/** Characters that XML 1.0 forbids. */
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const roots = new Set(['testsuites', 'testsuite']);

/**
 * Reads JUnit XML as it is written by pytest, Surefire, Gradle, jest-junit, mocha-junit-reporter,
 * go-junit-report, PHPUnit, CTest, GoogleTest and the .NET loggers: there is no schema, the elements
 * are those of <https://github.com/testmoapp/junitxml>. As it comes, in pieces; nothing is kept but
 * the test at hand, and no entity is expanded but XML's own five.
 *
 * @throws ReportError when it is no XML, or no JUnit
 */
export function readJunit(pieces: Iterable<string>, tally: Tally): void {
  const parser = new SaxesParser();
  const reader = new JunitReader(tally);
  parser.on('error', (error) => {
    if (!isHarmless.test(error.message)) throw new ReportError('invalid', error.message);
  });
  parser.on('doctype', () => {
    throw new ReportError(
      'invalid',
      `${parser.line}: it has a DOCTYPE, which no test report needs`,
    );
  });
  parser.on('opentag', ({ name, attributes }) => reader.open(name, attributes, parser.line));
  parser.on('closetag', ({ name }) => reader.close(name));
  parser.on('text', (text) => reader.text(text));
  parser.on('cdata', (text) => reader.text(text));
  for (const piece of pieces) parser.write(piece.replace(forbidden, ''));
  parser.close();
}

class JunitReader {
  readonly #tally: Tally;
  /** Names of the elements around. */
  readonly #path: string[] = [];
  #case: OpenCase | null = null;
  /** Text of the failure or error at hand. */
  #text: string | null = null;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  open(name: string, attributes: Attributes, line: number): void {
    if (this.#path.length === 0 && !roots.has(name)) {
      throw new ReportError('invalid', `${line}: <${name}> is no JUnit report`);
    }
    const parent = this.#path.at(-1) ?? '';
    this.#path.push(name);
    if (name === 'testcase') this.#case = openCase(attributes);
    else if (parent === 'testcase') this.#judge(name, attributes);
    else if (roots.has(parent) && (name === 'error' || name === 'failure')) {
      // The suite itself broke, outside of any test: PHPUnit and some Surefire providers say so here.
      this.#case = { name: 'the suite', durationMs: undefined, outcome: 'failed', message: '' };
      this.#judge(name, attributes);
    }
  }

  close(name: string): void {
    this.#path.pop();
    const open = this.#case;
    if (open === null) return;
    if (this.#text !== null && (name === 'failure' || name === 'error')) {
      if (open.message === '') open.message = this.#text;
      this.#text = null;
    }
    const isOver =
      name === 'testcase' || (roots.has(this.#path.at(-1) ?? '') && name !== 'testcase');
    if (!isOver) return;
    this.#tally.add(open);
    this.#case = null;
  }

  text(text: string): void {
    if (this.#text !== null && this.#text.length < maxText) {
      this.#text = (this.#text + text).slice(0, maxText).trimStart();
    }
  }

  /** What a child of a test says of it. A failure outweighs all else. */
  #judge(name: string, attributes: Attributes): void {
    const open = this.#case;
    if (open === null) return;
    const message = attribute(attributes, 'message');
    if (name === 'failure' || name === 'error') {
      // pytest writes an unexpected pass of a strict xfail as a failure.
      const isPass = message.startsWith('[XPASS(strict)]');
      if (open.outcome !== 'failed') open.outcome = isPass ? 'unexpected-pass' : 'failed';
      if (open.message === '') open.message = message;
      this.#text = '';
    } else if (name === 'skipped' && open.outcome === 'passed') {
      const isExpected = attribute(attributes, 'type') === 'pytest.xfail';
      open.outcome = isExpected ? 'expected-failure' : 'skipped';
    }
  }
}

function openCase(attributes: Attributes): OpenCase {
  const name = attribute(attributes, 'name');
  const group = attribute(attributes, 'classname');
  const seconds = Number.parseFloat(attribute(attributes, 'time').replaceAll(',', ''));
  return {
    name: group === '' || group === name ? name : `${group}.${name}`,
    durationMs: Number.isFinite(seconds) ? seconds * 1_000 : undefined,
    outcome: outcomeOfStatus(attribute(attributes, 'status')),
    message: '',
  };
}

/** CTest and GoogleTest say by an attribute what others say by an element. */
function outcomeOfStatus(status: string): TestOutcome {
  if (status === 'notrun' || status === 'disabled' || status === 'skipped') return 'skipped';
  return status === 'fail' ? 'failed' : 'passed';
}

function attribute(attributes: Attributes, name: string): string {
  const value = attributes[name];
  return typeof value === 'string' ? value : '';
}
