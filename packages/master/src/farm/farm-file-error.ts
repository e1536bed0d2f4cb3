import type { FarmFileError } from '@weir/protocol';
import type { FarmTexts } from './farm-files.ts';

export type { FarmFileError };

/** The farm file is broken: all that is wrong with it. */
export class FarmFileErrors extends Error {
  override readonly name = 'FarmFileErrors';
  readonly errors: readonly FarmFileError[];
  readonly texts: FarmTexts;

  constructor(errors: readonly FarmFileError[], texts: FarmTexts) {
    super(errors.map(farmErrorLine).join('\n'));
    this.errors = errors;
    this.texts = texts;
  }
}

/** `2 errors` */
export function errorCount({ length }: readonly FarmFileError[]): string {
  return `${length} error${length === 1 ? '' : 's'}`;
}

/** One line for a log: `farm.yaml:12:5: projects.json.poll: not a duration: expected ..., came "1 minute"; did you mean 1m?` */
export function farmErrorLine(error: FarmFileError): string {
  const place = error.line === 0 ? error.file : `${error.file}:${error.line}:${error.column}`;
  const path = error.path === '' ? '' : `${error.path}: `;
  return `${place}: ${path}${error.problem}${details(error)}`;
}

function details({ expected, came, suggestion }: FarmFileError): string {
  const facts = [];
  if (expected !== null) facts.push(`expected ${expected}`);
  if (came !== null) facts.push(`came ${came}`);
  return (facts.length > 0 ? `: ${facts.join(', ')}` : '') + (suggestion ? `; ${suggestion}` : '');
}
