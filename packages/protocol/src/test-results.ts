import { ByteReader, ByteWriter } from './byte-reader.ts';
import type { TestOutcome } from './report.ts';
import { maxTestMessage } from './report.ts';
import { maxTests } from './test-names.ts';

/** The code of an outcome is its place: new ones go to the end. */
export const outcomeCodes = [
  'passed',
  'failed',
  'skipped',
  'expected-failure',
  'unexpected-pass',
] as const satisfies readonly TestOutcome[];

/** Why a test did not simply pass. */
export interface TestNote {
  /** The first words of what it said; blank where there was no room for them. */
  readonly text: string;
  /** The first 8 bytes of the SHA-256 of its `normalMessage`, hexadecimal. */
  readonly hash: string;
}

/** What became of each test, by its place in the list of names. */
export interface TestResults {
  /** Places in `outcomeCodes`. */
  readonly outcomes: Uint8Array;
  /** As `durationBucket` makes them. */
  readonly durations: Uint8Array;
  /** Of tests that were tried more than once. */
  readonly attempts: ReadonlyMap<number, number>;
  readonly notes: ReadonlyMap<number, TestNote>;
}

export const maxAttempts = 1_000;
/** Notes that differ. */
export const maxNotes = 100_000;
export const maxTestResultsBytes = 16 * 1024 * 1024;
const hashBytes = 8;
/** UTF-8 takes no more of a UTF-16 unit. */
const maxNoteBytes = 3 * maxTestMessage;
/** `WTR`, and the version of the layout. */
const magic = Uint8Array.of(0x57, 0x54, 0x52, 1);

/**
 * Layout of version 1; numbers are LEB128, unsigned:
 *
 *     magic
 *     tests n; n bytes of outcomes; n bytes of durations
 *     attempts a; a times: places since the last such test, attempts
 *     notes m; m times: 8 bytes of hash, length of the text, the text in UTF-8
 *     noted tests k; k times: places since the last such test, number of the note
 *
 * Columns rather than records: equal bytes stand together, which is what makes zstd small.
 */
export function encodeTestResults(results: TestResults): Uint8Array {
  const { outcomes, durations, attempts } = results;
  const out = new ByteWriter();
  out.bytes(magic);
  out.number(outcomes.length);
  out.bytes(outcomes);
  out.bytes(durations);
  writeSparse(out, [...attempts]);
  const { notes, noteOf } = distinctNotes(results.notes);
  out.number(notes.length);
  for (const { hash, text } of notes) {
    const bytes = new TextEncoder().encode(text);
    out.bytes(hexBytes(hash));
    out.number(bytes.length);
    out.bytes(bytes);
  }
  writeSparse(out, noteOf);
  return out.written();
}

function distinctNotes(all: ReadonlyMap<number, TestNote>): {
  notes: TestNote[];
  noteOf: [number, number][];
} {
  const numbers = new Map<string, number>();
  const notes: TestNote[] = [];
  const noteOf: [number, number][] = [];
  for (const [test, note] of all) {
    const key = note.hash + note.text;
    const number = numbers.get(key) ?? notes.push(note) - 1;
    numbers.set(key, number);
    noteOf.push([test, number]);
  }
  return { notes, noteOf };
}

function writeSparse(out: ByteWriter, pairs: readonly (readonly [number, number])[]): void {
  out.number(pairs.length);
  let before = 0;
  for (const [test, value] of pairs.toSorted(([a], [b]) => a - b)) {
    out.number(test - before);
    out.number(value);
    before = test;
  }
}

/** @throws BadTestListError when it is no such thing, or larger than any */
export function decodeTestResults(bytes: Uint8Array): TestResults {
  const input = new ByteReader(bytes);
  if (bytes.length > maxTestResultsBytes) input.refuse(`over ${maxTestResultsBytes} bytes follow`);
  const head = input.bytes(magic.length);
  if (magic.some((byte, at) => head[at] !== byte)) input.refuse('no test results of version 1');
  const count = input.number(maxTests, 'tests');
  const outcomes = input.bytes(count);
  if (outcomes.some((code) => code >= outcomeCodes.length)) input.refuse('an unknown outcome');
  const durations = input.bytes(count);
  const attempts = readSparse(input, count, { what: 'attempts', max: maxAttempts });
  const notes = readNotes(input);
  const noteOf = readSparse(input, count, { what: 'as number of a note', max: notes.length - 1 });
  if (!input.isAtEnd) input.refuse('bytes behind the end');
  const noted = new Map<number, TestNote>();
  for (const [test, number] of noteOf) {
    const note = notes[number];
    if (note !== undefined) noted.set(test, note);
  }
  return { outcomes, durations, attempts, notes: noted };
}

function readSparse(
  input: ByteReader,
  tests: number,
  value: { what: string; max: number },
): Map<number, number> {
  const pairs = new Map<number, number>();
  const count = input.number(tests, 'entries');
  let test = 0;
  for (let index = 0; index < count; index++) {
    const step = input.number(tests, 'places');
    if (step === 0 && index > 0) input.refuse('a test comes twice');
    test += step;
    if (test >= tests) input.refuse(`test ${test} of ${tests}`);
    pairs.set(test, input.number(value.max, value.what));
  }
  return pairs;
}

function readNotes(input: ByteReader): TestNote[] {
  const notes: TestNote[] = [];
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let left = input.number(maxNotes, 'notes'); left > 0; left--) {
    const hash = hexText(input.bytes(hashBytes));
    const bytes = input.bytes(input.number(maxNoteBytes, 'bytes of a note'));
    try {
      notes.push({ hash, text: utf8.decode(bytes) });
    } catch {
      input.refuse('a note is no UTF-8');
    }
  }
  return notes;
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function hexBytes(text: string): Uint8Array {
  const digits = text.padEnd(2 * hashBytes, '0');
  return Uint8Array.from({ length: hashBytes }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}
