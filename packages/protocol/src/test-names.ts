import { BadTestListError, ByteWriter } from './byte-reader.ts';
import { maxTestName } from './report.ts';

/**
 * The names of a suite's tests: sorted by their UTF-16 units, each once, one a line, in UTF-8. While
 * no test comes or goes these are the same bytes in every build, and stored once.
 */
export const maxTests = 1_000_000;
export const maxTestNamesBytes = 64 * 1024 * 1024;
/** A name, and ` #2` and so on of one that occurs more than once. */
const maxListedName = maxTestName + 10;
const piece = 1_000;
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0009\u000b-\u001f\u007f]/;

/** @param names sorted, each once, without control characters */
export function encodeTestNames(names: readonly string[]): Uint8Array {
  const utf8 = new TextEncoder();
  const out = new ByteWriter();
  // In pieces: a million names in one string would take their memory once more.
  for (let from = 0; from < names.length; from += piece) {
    out.bytes(utf8.encode(`${names.slice(from, from + piece).join('\n')}\n`));
  }
  return out.written();
}

/** @throws BadTestListError when it is no such list, or longer than any */
export function decodeTestNames(bytes: Uint8Array): string[] {
  if (bytes.length > maxTestNamesBytes) {
    throw new BadTestListError(`names: more than ${maxTestNamesBytes} bytes`);
  }
  const text = decode(bytes);
  if (control.test(text)) throw new BadTestListError('names: a control character is in them');
  const names = text.split('\n');
  if (names.pop() !== '') throw new BadTestListError('names: the last line has no end');
  if (names.length > maxTests) throw new BadTestListError(`names: more than ${maxTests}`);
  let before = '';
  for (const [index, name] of names.entries()) {
    if (name.length > maxListedName) bad(index, `longer than ${maxListedName} characters`);
    if (name <= before) bad(index, 'empty, or not behind the one before it');
    before = name;
  }
  return names;
}

function bad(index: number, reason: string): never {
  throw new BadTestListError(`names: line ${index + 1}: ${reason}`);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new BadTestListError('names: no UTF-8', { cause });
  }
}

/** Where a name stands in such a list; null when it does not. */
export function indexOfTest(names: readonly string[], name: string): number | null {
  let low = 0;
  for (let high = names.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? '') < name) low = middle + 1;
    else high = middle;
  }
  return names[low] === name ? low : null;
}
