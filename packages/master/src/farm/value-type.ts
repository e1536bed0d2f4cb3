import { isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { ErrorList, Problem, Span } from './error-list.ts';
import type { JsonSchema } from './json-schema.ts';

/**
 * What one value of a farm file may be. Reading never stops at an error: it reports it and goes on
 * with `blank`, so that one reading finds all errors.
 */
export interface ValueType<T> {
  /** What a user must write, as in "expected a duration such as 10m". */
  readonly expected: string;
  readonly blank: T;
  /** For editors: whatever `read` takes fits it. */
  readonly schema: JsonSchema;
  /** The keys that its maps know: its own, of a section; those of what it holds, of a list or map. */
  readonly keys?: readonly string[];
  read(node: Node | null, place: Place): T;
}

/** A value and where it stands. */
export interface Located<T> {
  readonly value: T;
  readonly at: Span;
}

/** Instead of what stands for something written elsewhere. */
export const writeItOut = 'a farm file has none: write out what it stands for';

/** Where the reading is, and where errors go. */
export class Place {
  readonly #errors: ErrorList;
  readonly path: string;
  /** Marked when an error concerns all of the value: where the key stands. */
  readonly at: Span;

  constructor(errors: ErrorList, path: string, at: Span) {
    this.#errors = errors;
    this.path = path;
    this.at = at;
  }

  key(key: string, at: Span): Place {
    return new Place(this.#errors, this.path === '' ? key : `${this.path}.${key}`, at);
  }

  item(index: number, at: Span): Place {
    return new Place(this.#errors, `${this.path}[${index}]`, at);
  }

  add(problem: Omit<Problem, 'at' | 'path'>, at: Span = this.at): void {
    this.#errors.add({ ...problem, at, path: this.path });
  }

  /** The value is not of its type at all. */
  addMisfit(node: Node | null, expected: string, suggestion: string | null = null): void {
    const at = spanOf(node) ?? this.at;
    if (isAlias(node)) {
      // Without aliases no small file means a huge one.
      this.add({ problem: `an alias (*${node.source})`, suggestion: writeItOut }, at);
      return;
    }
    const came = inWords(node);
    const problem = came === 'nothing' ? 'no value' : 'a wrong value';
    this.add({ problem, expected, came, suggestion }, at);
  }
}

/** Where a node stands; null for one that is not written at all. */
export function spanOf(node: Node | null): Span | null {
  if (!node?.range) return null;
  const [start, end] = node.range;
  return end > start ? { start, end } : null;
}

/** The text of a scalar; null for a list, a map, and for nothing. */
export function textOf(node: Node | null): string | null {
  if (!isScalar(node)) return null;
  if (node.type === 'PLAIN' && node.source === '') return null;
  return typeof node.value === 'string' ? node.value : (node.source ?? null);
}

function inWords(node: Node | null): string {
  if (isMap(node)) return 'a map';
  if (isSeq(node)) return 'a list';
  const text = textOf(node);
  return text === null ? 'nothing' : quoted(text);
}

/** A user's text within a message: short, on one line, and, as pages show it, without credentials. */
export function quoted(text: string): string {
  const shown = text.replace(/\/\/[^/\s]*@/, '//***@');
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}...` : shown);
}
