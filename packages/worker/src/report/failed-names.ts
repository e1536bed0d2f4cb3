import type { FailedLines } from './summary-formats.ts';
import type { Tally } from './tally.ts';

/** So much of what a failed test said is looked at for its first words. */
const maxMessage = 4_000;
/** So many names are told from those that come again. */
const maxKnown = 100_000;
const ruler = /^[-=_]{5,}$/;

interface OpenName {
  name: string;
  isNameWhole: boolean;
  message: string;
  /** The lines that follow are what it said. */
  hasBegun: boolean;
}

/** Names the tests that failed, from what a runner prints, each with the lines that follow. */
export class FailedNames {
  readonly #lines: FailedLines;
  readonly #tally: Tally;
  readonly #known = new Set<string>();
  /** Tests of this run that failed. */
  readonly #tests = new Set<string>();
  #repeated = 0;
  #isListed: boolean;
  #open: OpenName | null = null;

  constructor(lines: FailedLines, tally: Tally) {
    this.#lines = lines;
    this.#tally = tally;
    this.#isListed = lines.after === undefined;
  }

  /** A line that stands between tests. */
  heading(line: string): void {
    this.end();
    const { after, notAfter } = this.#lines;
    if (after?.test(line)) this.#isListed = true;
    else if (notAfter?.test(line)) this.#isListed = false;
  }

  /** How many failures of this run were of a test that had failed already; the next run begins. */
  takeRepeated(): number {
    const repeated = this.#repeated;
    this.#repeated = 0;
    this.#tests.clear();
    return repeated;
  }

  take(line: string): void {
    const { after, notAfter, line: pattern } = this.#lines;
    if (after?.test(line) || notAfter?.test(line)) return this.heading(line);
    const name = this.#isListed ? pattern.exec(line)?.groups?.['name'] : undefined;
    if (name !== undefined) this.#begin(name);
    else if (this.#open !== null) this.#goOn(this.#open, line);
  }

  end(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    this.#countTest(open.name);
    if (this.#known.has(open.name)) return;
    if (this.#known.size < maxKnown) this.#known.add(open.name);
    this.#tally.name({ name: open.name, outcome: 'failed', message: open.message });
  }

  #countTest(name: string): void {
    const test = this.#lines.test?.exec(name)?.[0];
    if (test === undefined) return;
    if (this.#tests.has(test)) this.#repeated += 1;
    else if (this.#tests.size < maxKnown) this.#tests.add(test);
  }

  #begin(text: string): void {
    this.end();
    const { separator, until, isAlone, isBehind, behind } = this.#lines;
    const cut = separator === undefined ? -1 : text.indexOf(separator);
    const name = cut === -1 ? text : text.slice(0, cut);
    const message = cut === -1 ? '' : text.slice(cut + (separator?.length ?? 0));
    const isNameWhole = !isBehind && (until === undefined || name.endsWith(until));
    this.#open = {
      name: isBehind ? '' : withoutEnd(name, until),
      isNameWhole,
      message,
      hasBegun: behind === undefined,
    };
    if (isAlone) this.end();
  }

  #goOn(open: OpenName, line: string): void {
    if (line === '') return;
    const { until, behind } = this.#lines;
    if (!open.isNameWhole) {
      open.isNameWhole = until === undefined || line.endsWith(until);
      open.name = `${open.name} ${withoutEnd(line.trim(), until)}`.trim();
    } else if (!open.hasBegun) open.hasBegun = behind === undefined || behind.test(line);
    else if (open.message.length < maxMessage && !ruler.test(line)) open.message += `${line}\n`;
  }
}

function withoutEnd(text: string, end = ''): string {
  return text.endsWith(end) ? text.slice(0, text.length - end.length) : text;
}
