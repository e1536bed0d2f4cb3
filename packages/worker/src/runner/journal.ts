import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { journalEntrySchema } from '@weir/protocol';
import type { JournalEntry } from '@weir/protocol';

type Unnumbered<Entry> = Entry extends JournalEntry ? Omit<Entry, 'n' | 'at'> : never;
/** An entry before it has its number and time. */
export type JournalFact = Unnumbered<JournalEntry>;

/** Appends a build's journal, one JSON object a line, numbered from 1. */
export class JournalWriter implements Disposable {
  readonly #file: number;
  #entries = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'ax', 0o600);
  }

  get entries(): number {
    return this.#entries;
  }

  append(fact: JournalFact): void {
    this.#entries += 1;
    writeSync(this.#file, `${JSON.stringify({ n: this.#entries, at: Date.now(), ...fact })}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** The entries numbered `from` and up to `to`, both included; all of them must have been written. */
export function readJournal(path: string, from: number, to: number): JournalEntry[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .slice(from - 1, to);
  return lines.map((line) => journalEntrySchema.parse(JSON.parse(line)));
}
