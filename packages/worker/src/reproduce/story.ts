import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { numberText, totalsText } from '@weir/protocol';
import type { JournalEntry, StepReport, StepSpec } from '@weir/protocol';
import { printable } from '../printable.ts';
import { logDir } from '../runner/paths.ts';
import { SpoolReader } from '../spool/reader.ts';
import { TerminalText } from './terminal-text.ts';

/** `   tests: 18 passed, 2 failed`, and those that failed. */
function testsText({ totals, named }: StepReport): string {
  const failed = totals.failed + totals.unexpectedPasses;
  const lines = named.map(({ name, message }) => {
    const [first = ''] = message.split('\n', 1);
    return `     ${printable(first === '' ? name : `${name}: ${first}`)}\n`;
  });
  if (failed > lines.length) lines.push(`     and ${numberText(failed - lines.length)} more\n`);
  return `   tests: ${totalsText(totals)}\n${lines.join('')}`;
}

/** Where a story is told: what steps print goes there byte for byte, unless it is a terminal. */
export interface Listener {
  readonly out: Writable & { readonly isTTY?: boolean };
}

const pieceBytes = 64 * 1024;

/** Tells a build while it runs: its steps, and between their heads and ends what they print. */
export class Story {
  readonly #out: Listener['out'];
  readonly #slot: string;
  readonly #steps: readonly StepSpec[];
  readonly #entries: JournalEntry[] = [];
  #wake: () => void = () => {};
  #spool: SpoolReader;
  #offset = 0;
  #text: TerminalText | null = null;
  #isLineOpen = false;

  constructor({ out }: Listener, slot: string, steps: readonly StepSpec[]) {
    this.#out = out;
    this.#slot = slot;
    this.#steps = steps;
    this.#spool = new SpoolReader(logDir(slot, 0));
  }

  heard(entry: JournalEntry): void {
    this.#entries.push(entry);
    this.#wake();
  }

  grew(): void {
    this.#wake();
  }

  /** Resolves when the build's end is told. It never runs ahead of who listens: the rest is on the disk. */
  async tell(): Promise<void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      // The bytes first: an entry comes after those that were printed before it.
      if (await this.#tellPiece()) continue;
      const entry = this.#entries.shift();
      if (entry === undefined) await woken;
      else if (entry.t === 'build-finished') return;
      else await this.#tellEntry(entry);
    }
  }

  async #tellPiece(): Promise<boolean> {
    const piece = this.#spool.read(this.#offset, pieceBytes);
    if (piece === null) return false;
    const { offset, bytes } = piece;
    if (offset > this.#offset) {
      await this.#say(`\n[${offset - this.#offset} bytes are left out: the log is too long]\n`);
    }
    this.#offset = offset + bytes.length;
    this.#isLineOpen = bytes.at(-1) !== 10;
    await this.#say(this.#text === null ? bytes : this.#text.clean(bytes));
    return true;
  }

  async #tellEntry(entry: JournalEntry): Promise<void> {
    if (entry.t === 'step-started') {
      this.#offset = 0;
      this.#isLineOpen = false;
      this.#spool = new SpoolReader(logDir(this.#slot, entry.step));
      this.#text = this.#out.isTTY === true ? new TerminalText() : null;
      const name = printable(this.#steps[entry.step]?.name ?? '');
      await this.#say(`── ${name} (step ${entry.step + 1} of ${this.#steps.length})\n`);
    } else if (entry.t === 'step-finished') {
      const { result, text, findings, report } = entry;
      const why = [...findings, printable(text)].filter((word) => word !== '').join(', ');
      await this.#say(
        `${this.#text?.end() ?? ''}${this.#isLineOpen ? '\n' : ''}── ${result}${why === '' ? '' : `: ${why}`}\n${report === undefined ? '' : testsText(report)}`,
      );
    }
  }

  async #say(text: string | Uint8Array): Promise<void> {
    if (!this.#out.write(text)) await once(this.#out, 'drain');
  }
}
