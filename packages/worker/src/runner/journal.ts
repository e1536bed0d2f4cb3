import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { journalEntrySchema } from '@weir/protocol';
import type { JournalEntry } from '@weir/protocol';
import { saysDiskFull } from './disk-full.ts';

type Unnumbered<Entry> = Entry extends JournalEntry ? Omit<Entry, 'n' | 'at'> : never;
/** An entry before it has its number and time. */
export type JournalFact = Unnumbered<JournalEntry>;

const reserveBytes = 64 * 1024;

/**
 * Appends a build's journal, one JSON object a line, numbered from 1. It keeps some room for itself,
 * in a file that stays for the next build: one whose disk is full can still say so.
 */
export class JournalWriter implements Disposable {
  readonly #file: number;
  readonly #reserve: string;
  #entries = 0;
  #bytes = 0;

  /** @throws Error when there is no room even for a beginning */
  constructor(path: string, reserve: string) {
    this.#file = openSync(path, 'ax', 0o600);
    this.#reserve = reserve;
    const { size } = statSync(reserve, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size < reserveBytes) writeFileSync(reserve, Buffer.alloc(reserveBytes));
  }

  get entries(): number {
    return this.#entries;
  }

  /** @throws Error when it can't be written; then nothing of it is */
  append(fact: JournalFact): void {
    const n = this.#entries + 1;
    const line = Buffer.from(`${JSON.stringify({ n, at: Date.now(), ...fact })}\n`);
    try {
      this.#write(line);
    } catch (error) {
      if (!saysDiskFull(error)) throw error;
      rmSync(this.#reserve, { force: true });
      this.#write(line);
    }
    this.#entries = n;
    this.#bytes += line.length;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #write(line: Buffer): void {
    try {
      // On a disk that is almost full a write may take a part of it.
      for (let at = 0; at < line.length; at += writeSync(this.#file, line, at));
    } catch (error) {
      ftruncateSync(this.#file, this.#bytes);
      throw error;
    }
  }
}

/** The entries numbered `from` and up to `to`, both included. @throws Error when they are not all there */
export function readJournal(path: string, from: number, to: number): JournalEntry[] {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .slice(from - 1, to);
  if (lines.length <= to - from) throw new Error(`${path} ends before entry ${to}`);
  return lines.map((line) => journalEntrySchema.parse(JSON.parse(line)));
}
