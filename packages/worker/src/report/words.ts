/** Colours and cursor moves: ECMA-48 control sequences. */
// oxlint-disable-next-line no-control-regex
const sequences = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
/** Control characters but tab and newline. */
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const tracebackHead = 'Traceback (most recent call last):';

export function withoutColours(text: string): string {
  return text.includes('\u001b') ? text.replace(sequences, '') : text;
}

/** Without what only moves a terminal: colours, carriage returns, bells. */
export function plainText(text: string): string {
  return withoutColours(text).replace(controls, '');
}

/** What a message says first. Of a Python traceback that is its end: the exception. */
export function firstWords(message: string): string {
  const text = plainText(message).trim();
  if (!text.startsWith(tracebackHead)) return text;
  const exception = /\n(?=[^\s])/.exec(text);
  return exception === null ? text : text.slice(exception.index + 1);
}

/** So many UTF-16 units of a name, or of the names around it, are looked at: more than are kept. */
export const maxKeptName = 2_000;

/** At most so many UTF-16 units, none of them half a character. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text.toWellFormed();
  // A character of two units that would be cut in half goes as a whole.
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`.toWellFormed();
}
