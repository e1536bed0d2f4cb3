import { SaxesParser } from 'saxes';
import { JunitReader } from './junit-reader.ts';
import { ReportError } from './tally.ts';
import type { Tally } from './tally.ts';
import { shortSections } from './xml-sections.ts';

/** What real producers write though XML 1.0 has no place for it: raw control characters, `&#27;`. */
const isHarmless = /disallowed character|malformed character entity/i;
/** Characters that XML 1.0 forbids. */
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/**
 * Reads JUnit XML as it is written by pytest, Surefire, Gradle, jest-junit, mocha-junit-reporter,
 * go-junit-report, PHPUnit, CTest, GoogleTest and the .NET loggers: there is no schema, the elements
 * are those of <https://github.com/testmoapp/junitxml>. As it comes, in pieces; nothing is kept but
 * the test at hand, and no entity is expanded but XML's own five.
 *
 * @throws ReportError when it is empty, no XML, or no JUnit
 */
export function readJunit(pieces: Iterable<string>, tally: Tally): void {
  const parser = new SaxesParser();
  const reader = new JunitReader(tally);
  const takeText = (text: string): void => reader.text(text);
  parser.on('error', (error) => {
    if (!isHarmless.test(error.message)) throw new ReportError('invalid', error.message);
  });
  parser.on('doctype', () => {
    throw new ReportError(
      'invalid',
      `${parser.line}: it has a DOCTYPE, which no test report needs`,
    );
  });
  // What a suite printed can be most of a file: without a handler the parser does not gather it.
  const listen = (): void => {
    if (reader.wantsText) parser.on('text', takeText);
    else parser.off('text');
  };
  parser.on('opentag', ({ name, attributes }) => {
    reader.open(name, attributes, parser.line);
    listen();
  });
  parser.on('closetag', ({ name }) => {
    reader.close(name);
    listen();
  });
  parser.on('cdata', takeText);
  let isEmpty = true;
  for (const piece of shortSections(pieces)) {
    isEmpty &&= piece.trim() === '';
    parser.write(piece.replace(forbidden, ''));
  }
  if (isEmpty) throw new ReportError('missing', 'it is empty');
  parser.close();
  reader.end();
}
