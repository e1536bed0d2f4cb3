import { styleText } from 'node:util';
import type { FarmFileError } from './farm-file-error.ts';
import type { FarmTexts } from './farm-files.ts';

/** Longer lines are shown around the column. */
const maxWidth = 100;

/**
 * Errors as a compiler shows them: place, problem, the line with a mark under what is wrong, what
 * was expected, and a suggestion.
 */
export function formatFarmErrors(
  errors: readonly FarmFileError[],
  texts: FarmTexts,
  { colour = false }: { readonly colour?: boolean } = {},
): string {
  const lines = new Map([...texts].map(([file, text]) => [file, text.split(/\r?\n/)]));
  const paint: Paint = (format, part) =>
    colour ? styleText(format, part, { validateStream: false }) : part;
  return errors
    .map((error) => formatError(error, lines.get(error.file)?.[error.line - 1], paint))
    .join('\n');
}

type Paint = (format: 'bold' | 'red' | 'cyan', part: string) => string;

function formatError(error: FarmFileError, line: string | undefined, paint: Paint): string {
  const { file, problem, expected, came, suggestion } = error;
  const place = error.line === 0 ? file : `${file}:${error.line}:${error.column}`;
  const path = error.path === '' ? '' : `${error.path}: `;
  const gutter = ' '.repeat(String(error.line).length);
  const out = [`${paint('bold', place)}: ${paint('red', 'error')}: ${printable(path + problem)}`];
  if (line !== undefined) {
    const excerpt = excerptOf(line, error);
    out.push(`${gutter} ${paint('cyan', '|')}`);
    out.push(`${paint('cyan', `${error.line} |`)} ${excerpt.line}`);
    out.push(`${gutter} ${paint('cyan', '|')} ${paint('red', excerpt.mark)}`);
  }
  const facts = [
    expected === null ? null : `expected ${expected}`,
    came === null ? null : `came ${came}`,
    suggestion,
  ];
  for (const fact of facts) {
    if (fact !== null) out.push(`${gutter} ${paint('cyan', '=')} ${printable(fact)}`);
  }
  return `${out.join('\n')}\n`;
}

function excerptOf(
  line: string,
  { column, length }: FarmFileError,
): { line: string; mark: string } {
  const from = line.length <= maxWidth ? 0 : Math.max(0, column - 1 - maxWidth / 2);
  const part = line.slice(from, from + maxWidth);
  const before = column - 1 - from;
  const width = Math.max(1, Math.min(length, part.length - before));
  return { line: printable(part), mark: ' '.repeat(before) + '^'.repeat(width) };
}

// Controls, and the marks that reorder what a terminal shows.
// oxlint-disable-next-line no-control-regex
const unshowable = /[\0-\x1F\x7F-\x9F\u202A-\u202E\u2066-\u2069]/g;

/** One character for one: the mark stays below its place, and a terminal obeys nothing in it. */
function printable(text: string): string {
  return text.replaceAll('\t', ' ').replace(unshowable, '\uFFFD');
}
