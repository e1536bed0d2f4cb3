import { createHash } from 'node:crypto';
import {
  durationBucket,
  encodeTestNames,
  encodeTestResults,
  maxAttempts,
  maxNotes,
  maxTestMessage,
  maxTestName,
  maxTestNamesBytes,
  maxTests,
  normalMessage,
  outcomeCodes,
} from '@weir/protocol';
import type { TestNote } from '@weir/protocol';
import type { TestCase } from './tally.ts';
import { cut } from './words.ts';

/** Of the texts of all notes, in UTF-16 units; of those behind that only the hashes are kept. */
const maxNoteUnits = 1024 * 1024;

/** A list of tests, ready to be stored. */
export interface EncodedTests {
  readonly names: Uint8Array;
  readonly results: Uint8Array;
}

/**
 * Every test of a report, as it comes, in little memory: of a million tests some 100 MB, most of it
 * their names.
 */
export class TestList {
  readonly #names: string[] = [];
  #nameBytes = 0;
  readonly #codes: number[] = [];
  readonly #durations: number[] = [];
  readonly #attempts = new Map<number, number>();
  /** By the place of a test. */
  readonly #noteOf = new Map<number, TestNote>();
  /** By text, or by hash where that is all of it: what fails together often says the same. */
  readonly #notes = new Map<string, TestNote>();
  #noteUnits = 0;
  #isTooLarge = false;

  add({ name, outcome, durationMs, attempt = 1, message = '' }: TestCase): void {
    if (this.#isTooLarge) return;
    const line = lineOf(name);
    const place = this.#names.push(line) - 1;
    this.#nameBytes += Buffer.byteLength(line) + 1;
    this.#codes.push(outcomeCodes.indexOf(outcome));
    this.#durations.push(durationBucket(durationMs));
    if (attempt > 1) this.#attempts.set(place, Math.min(attempt, maxAttempts));
    const note = outcome === 'passed' ? undefined : this.#note(message.trim());
    if (note !== undefined) this.#noteOf.set(place, note);
    this.#isTooLarge = this.#names.length > maxTests || this.#nameBytes > maxTestNamesBytes;
    if (this.#isTooLarge) this.#drop();
  }

  /**
   * Null when they are not all there: some are known by number alone, or there are more than can be
   * kept.
   *
   * @param count of tests in the whole report
   */
  encode(count: number): EncodedTests | null {
    if (this.#isTooLarge || count === 0 || this.#names.length !== count) return null;
    const names = namesApart(this.#names);
    const order = Array.from(names.keys()).toSorted((a, b) => compare(names[a], names[b]));
    const rank = new Map<number, number>();
    for (const [index, place] of order.entries()) {
      if (this.#attempts.has(place) || this.#noteOf.has(place)) rank.set(place, index);
    }
    const ranked = <T>(map: ReadonlyMap<number, T>): Map<number, T> =>
      new Map([...map].map(([place, value]) => [rank.get(place) ?? 0, value]));
    return {
      names: encodeTestNames(order.map((place) => names[place] ?? '')),
      results: encodeTestResults({
        outcomes: Uint8Array.from(order, (place) => this.#codes[place] ?? 0),
        durations: Uint8Array.from(order, (place) => this.#durations[place] ?? 0),
        attempts: ranked(this.#attempts),
        notes: ranked(this.#noteOf),
      }),
    };
  }

  #note(message: string): TestNote | undefined {
    if (message === '') return undefined;
    const text = copyOf(message, maxTestMessage);
    const known = this.#notes.get(text);
    if (known !== undefined) return known;
    const digest = createHash('sha256').update(normalMessage(message)).digest('hex');
    const hash = digest.slice(0, 16);
    this.#noteUnits += text.length;
    const hasRoom = this.#noteUnits <= maxNoteUnits;
    const key = hasRoom ? text : hash;
    const note = this.#notes.get(key) ?? { text: hasRoom ? text : '', hash };
    if (this.#notes.size >= maxNotes) return undefined;
    this.#notes.set(key, note);
    return note;
  }

  #drop(): void {
    this.#names.length = 0;
    this.#codes.length = 0;
    this.#durations.length = 0;
    for (const map of [this.#attempts, this.#noteOf, this.#notes]) map.clear();
  }
}

/** A name as a line: no control characters, and never blank. */
function lineOf(name: string): string {
  // oxlint-disable-next-line no-control-regex
  const line = copyOf(name, maxTestName).replaceAll(/[\u0000-\u001f\u007f]/g, ' ');
  return line === '' ? '(without a name)' : line;
}

/** A string of its own: a part of a longer one would keep all of that in memory. */
function copyOf(text: string, length: number): string {
  return Buffer.from(cut(text, length)).toString();
}

/** Names that occur again get a number, in the order in which they came: `a`, `a #2`, `a #3`. */
function namesApart(names: readonly string[]): string[] {
  const sorted = names.toSorted(compare);
  const repeated = new Set(sorted.filter((name, index) => name === sorted[index - 1]));
  if (repeated.size === 0) return [...names];
  const taken = new Set(names);
  const next = new Map<string, number>();
  return names.map((name) => {
    if (!repeated.has(name)) return name;
    let number = next.get(name) ?? 1;
    while (number > 1 && taken.has(`${name} #${number}`)) number += 1;
    next.set(name, number + 1);
    return number === 1 ? name : `${name} #${number}`;
  });
}

/** By UTF-16 units, the same everywhere. */
function compare(a = '', b = ''): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
