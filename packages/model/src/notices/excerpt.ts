const maxLines = 30;
const maxColumns = 200;
/** Lines shown of the very end, where a suite sums up. */
const endLines = 6;

/**
 * The lines of a log's tail that matter: its end, and, where trouble began before that, the place
 * where it did. At most 31 lines of at most 200 characters, without colours and control characters.
 *
 * @param tail text from the end of the log; its first line may be a part of one
 */
export function linesThatMatter(tail: string): string[] {
  const lines = readable(tail);
  if (lines.length <= maxLines) return lines;
  const start = startOfTrouble(lines);
  if (start === null || start >= lines.length - maxLines) return lines.slice(-maxLines);
  const trouble = lines.slice(start, start + maxLines - endLines);
  const leftOut = lines.length - start - maxLines;
  return [...trouble, `[${leftOut} lines left out]`, ...lines.slice(-endLines)];
}

/** One line before the first of the last lines that speak of trouble, as far as they fit together. */
function startOfTrouble(lines: readonly string[]): number | null {
  const last = lines.findLastIndex(speaksOfTrouble);
  if (last === -1) return null;
  const window = Math.max(0, last - (maxLines - endLines) + 1);
  const first = lines.findIndex((line, index) => index >= window && speaksOfTrouble(line));
  return Math.max(0, first - 1);
}

const trouble =
  /\b(?:\w*errors?|fail(?:s|ed|ures?)?|\w*exceptions?|traceback|panic(?:ked)?|fatal|assert\w*|not ok|segmentation fault|undefined)\b/i;
const noTrouble = /\b(?:0|no) (?:errors?|fail(?:ed|ures?)|exceptions?)\b/gi;

function speaksOfTrouble(line: string): boolean {
  return trouble.test(line.replace(noTrouble, ''));
}

function readable(text: string): string[] {
  const lines: string[] = [];
  for (const raw of text.split('\n')) {
    const line = readableLine(raw);
    if (line !== '' || (lines.length > 0 && lines.at(-1) !== '')) lines.push(line);
  }
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

// eslint and its kin warn of control characters in expressions; here they are what is looked for.
// oxlint-disable-next-line no-control-regex
const escapes = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g;

function readableLine(raw: string): string {
  // A progress display writes over its own line: the last that it wrote there is what one saw.
  const seen = raw.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  const clean = seen
    .replace(escapes, '')
    .replaceAll('\t', '  ')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trimEnd();
  return clean.length <= maxColumns ? clean : `${clean.slice(0, maxColumns - 1)}…`;
}
