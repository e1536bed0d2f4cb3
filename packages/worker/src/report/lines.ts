import { withoutColours } from './words.ts';

/** A longer line is no line of a report; its rest is dropped. */
const maxLine = 256 * 1024;

/** Lines without their ends and their colours, from text that comes in pieces. */
export function* linesOf(pieces: Iterable<string>): Generator<string> {
  let rest = '';
  for (const piece of pieces) {
    const lines = piece.split('\n');
    for (const [index, part] of lines.entries()) {
      if (rest.length < maxLine) rest += part;
      if (index === lines.length - 1) break;
      yield clean(rest);
      rest = '';
    }
  }
  if (rest !== '') yield clean(rest);
}

function clean(line: string): string {
  return withoutColours(line.slice(0, maxLine)).trimEnd();
}
