/** Something wrong in a farm file: where, what was expected there, and what came. */
export interface FarmFileError {
  readonly file: string;
  /** From 1. 0 when the file could not be read at all. */
  readonly line: number;
  /** From 1, in UTF-16 units, as editors count. */
  readonly column: number;
  /** How much of that line is wrong, in UTF-16 units; at least 1. */
  readonly length: number;
  /** The keys that lead there, as `projects.json.steps[2].timeout`; empty for the file itself. */
  readonly path: string;
  /** What is wrong, in a few words. */
  readonly problem: string;
  readonly expected: string | null;
  readonly came: string | null;
  /** What was probably meant, or what to do. */
  readonly suggestion: string | null;
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
