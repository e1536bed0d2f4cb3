import type { ReportFormat } from '@weir/protocol';
import { FailedNames } from './failed-names.ts';
import { linesOf } from './lines.ts';
import { summaries } from './summary-formats.ts';
import type { Summary, SummaryFormat } from './summary-formats.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';

/** A longer line is no line of a summary. */
const maxLine = 4_000;

export function isSummaryFormat(format: ReportFormat): format is SummaryFormat {
  return Object.hasOwn(summaries, format);
}

/**
 * Reads the summary that a test runner prints at its end: totals, and the names of what failed. Where
 * a suite can write a real report, that is the better one: anything may print such a line.
 *
 * @throws ReportError when there is none
 */
export function readSummary(format: SummaryFormat, pieces: Iterable<string>, tally: Tally): void {
  const reader = new SummaryReader(summaries[format], tally);
  for (const line of linesOf(pieces)) {
    if (line.length <= maxLine) reader.take(line);
  }
  if (!reader.end()) throw new ReportError('missing', `${format} printed no summary`);
}

class SummaryReader {
  readonly #summary: Summary;
  readonly #names: FailedNames;
  readonly #tally: Tally;
  #ends = 0;
  /** Announced by a total, and not yet explained by the counts that follow it. */
  #rest = 0;

  constructor(summary: Summary, tally: Tally) {
    this.#summary = summary;
    this.#names = new FailedNames(summary.failed, tally);
    this.#tally = tally;
  }

  take(line: string): void {
    const { total, time, end } = this.#summary;
    const all = total?.exec(line)?.groups;
    if (all !== undefined) {
      this.#names.heading(line);
      this.#rest = Number(all['count']);
      this.#addTime(all);
      return;
    }
    for (const pattern of end) {
      const match = pattern.exec(line);
      if (match === null) continue;
      this.#names.heading(line);
      this.#takeEnd({ ...match.groups });
      return;
    }
    this.#addTime(time?.exec(line)?.groups ?? {});
    this.#names.take(line);
  }

  /** Was there a summary? */
  end(): boolean {
    this.#names.end();
    return this.#ends > 0;
  }

  #takeEnd(groups: Record<string, string | undefined>): void {
    this.#ends += 1;
    this.#addTime(groups);
    for (const [word, count] of countsOf(groups['counts'] ?? '')) {
      const outcome = this.#summary.words.get(word);
      if (outcome === undefined) continue;
      this.#tally.addMany(outcome, count);
      this.#rest -= count;
    }
    this.#rest += this.#names.takeRepeated();
    if (this.#summary.total !== undefined) this.#tally.addMany('passed', Math.max(0, this.#rest));
    this.#rest = 0;
  }

  #addTime({ seconds, ms, time }: Record<string, string | undefined>): void {
    if (seconds !== undefined) this.#tally.addDuration(Number(seconds) * 1_000);
    if (ms !== undefined) this.#tally.addDuration(Number(ms));
    if (time !== undefined) this.#tally.addDuration(inMs(time));
  }
}

/** `3 failed, 2 passed`, `failures=3, expected failures=2`, `pass 12` and `2 successes / 1 error`. */
function* countsOf(text: string): Generator<readonly [string, number]> {
  for (const part of text.split(/, | \/ /)) {
    const match =
      /^(?<count>\d+) (?<word>[a-z ]+)$/.exec(part) ??
      /^(?<word>[A-Za-z ]+)=(?<count>\d+)$/.exec(part) ??
      /^(?<word>[a-z]+) (?<count>\d+)$/.exec(part);
    const { word, count } = match?.groups ?? {};
    if (word !== undefined) yield [word, Number(count)];
  }
}

/** `350ms`, `2s`, `3m`, `1h`. */
function inMs(time: string): number {
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const { count, unit } = /^(?<count>\d+)(?<unit>ms|s|m|h)$/.exec(time)?.groups ?? {};
  return unit === undefined ? Number.NaN : Number(count) * unitMs[unit as keyof typeof unitMs];
}
