import assert from 'node:assert/strict';
import { styleLine } from '@weir/model/layout';
import fc from 'fast-check';
import { describe, it } from 'mocha';

const esc = '\u001b';

/** Runs as `[STYLE]TEXT`; no style, no brackets. */
function shown(line: string): string {
  return styleLine(line)
    .map(({ text, style }) => (style === '' ? text : `[${style}]${text}`))
    .join('');
}

describe('styleLine', () => {
  const cases: [string, string, string][] = [
    ['leaves plain text as it is', 'all\tgood <b>', 'all\tgood <b>'],
    ['shows a colour up to its end', `a${esc}[31mred${esc}[0m b`, 'a[fg-1]red b'],
    ['shows weight and colour together', `${esc}[1;32mok${esc}[m`, '[bold fg-2]ok'],
    ['shows bright colours and grounds', `${esc}[93;44mx`, '[fg-11 bg-4]x'],
    ['ends a colour by its own code', `${esc}[1;31ma${esc}[39mb`, '[bold fg-1]a[bold]b'],
    ['reads no arguments of a 256 colour as codes', `${esc}[38;5;1mx`, 'x'],
    ['reads no arguments of a 24 bit colour as codes', `${esc}[48;2;1;2;3;4mx`, '[underline]x'],
    ['keeps what a carriage return wrote last', '10 %\r50 %\r100 %', '100 %'],
    ['takes a return at the end as a line end', 'done\r', 'done'],
    ['drops movements of the cursor', `${esc}[2K${esc}[1Ga${esc}[10;20Hb`, 'ab'],
    ['drops titles and links', `${esc}]0;evil\u0007a${esc}]8;;http://x${esc}\\b`, 'ab'],
    ['drops other escapes and control characters', `${esc}(Ba\u0000\u0008b\u007f`, 'ab'],
    ['drops what turns the direction of text', 'a\u202eb\u2066c', 'abc'],
    ['drops an escape that is cut off', `a${esc}[3`, 'a'],
  ];
  for (const [name, line, expected] of cases) {
    it(name, () => assert.equal(shown(line), expected));
  }

  it('lets no control character through, and makes up no style', () => {
    const pieces = fc.constantFrom(
      esc,
      '[',
      ']',
      ';',
      ':',
      'm',
      '0',
      '31',
      '38',
      '\r',
      '\u0007',
      'x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ unit: 'binary' }))), (parts) => {
        for (const { text, style } of styleLine(parts.join(''))) {
          // oxlint-disable-next-line no-control-regex
          assert.doesNotMatch(text, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
          assert.match(style, /^((bold|dim|italic|underline|[fb]g-\d{1,2})( |$))*$/);
        }
      }),
    );
  });

  it('takes a megabyte of opened strings in one go', () => {
    assert.equal(shown(`${esc}]`.repeat(500_000)), '');
  });
});
