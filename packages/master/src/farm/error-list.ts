import type { FarmFileError } from './farm-file-error.ts';

/** A part of the file's text, as offsets: the start, and the place just after the end. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Problem {
  readonly at: Span;
  /** The keys that lead there. */
  readonly path?: string;
  readonly problem: string;
  readonly expected?: string;
  readonly came?: string;
  readonly suggestion?: string | null;
}

/** More errors than these tell nobody anything. */
const maxErrors = 200;

/** Collects what is wrong with one file, and turns offsets into lines and columns. */
export class ErrorList {
  readonly #file: string;
  readonly #text: string;
  readonly #problems: Problem[] = [];

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  add(problem: Problem): void {
    this.#problems.push(problem);
  }

  /** In the order of the file; of several at one place, in the order found. */
  inOrder(): FarmFileError[] {
    const sorted = this.#problems.toSorted((a, b) => a.at.start - b.at.start);
    const left = sorted.length - maxErrors;
    const shown = sorted.slice(0, maxErrors);
    const last = shown.at(-1);
    if (last && left > 0) shown.push({ at: last.at, problem: `and ${left} errors more` });
    return this.#located(shown);
  }

  #located(problems: readonly Problem[]): FarmFileError[] {
    let line = 1;
    let lineStart = 0;
    let lineEnd = this.#endOfLine(0);
    return problems.map(({ at, path, problem, expected, came, suggestion }) => {
      while (at.start > lineEnd && lineEnd < this.#text.length) {
        line += 1;
        lineStart = lineEnd + 1;
        lineEnd = this.#endOfLine(lineStart);
      }
      return {
        file: this.#file,
        line,
        column: at.start - lineStart + 1,
        length: Math.max(Math.min(at.end, lineEnd) - at.start, 1),
        path: path ?? '',
        problem,
        expected: expected ?? null,
        came: came ?? null,
        suggestion: suggestion ?? null,
      };
    });
  }

  #endOfLine(from: number): number {
    const newline = this.#text.indexOf('\n', from);
    return newline === -1 ? this.#text.length : newline;
  }
}
