import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { TerminalText } from '../../src/reproduce/terminal-text.ts';

/** What a terminal gets of these pieces. */
function shown(...pieces: (string | Uint8Array)[]): string {
  const text = new TerminalText();
  return pieces.map((piece) => text.clean(Buffer.from(piece))).join('') + text.end();
}

describe('TerminalText', () => {
  it('lets lines, tabs and colours pass', () => {
    assert.equal(
      shown('\u001b[1;31mred\u001b[0m\tx\r\n'),
      '\u001b[1;31mred\u001b[0m\tx\r\n\u001b[0m',
    );
  });

  it('lets nothing else pass that a terminal obeys', () => {
    const text = shown('a\u001b]0;title\u0007\u001b[2J\u001b[1A\u009b2J\u202Eb\b');

    assert.doesNotMatch(text.replace(/.\[0m$/, ''), /[\p{Cc}\p{Cf}]/u);
    assert.match(text, /^a.*b/);
  });

  it('knows colours and characters that are cut in two', () => {
    const bytes = Buffer.from('é');

    assert.equal(
      shown('\u001b', '[3', '1m', bytes.subarray(0, 1), bytes.subarray(1)),
      '\u001b[31mé\u001b[0m',
    );
  });

  it('holds nothing back in the end, and no more than a colour before', () => {
    assert.equal(shown('a\u001b[1'), 'a\uFFFD[1\u001b[0m');
    assert.equal(shown(`\u001b[${'1'.repeat(100)}`).length, 102 + '\u001b[0m'.length);
  });
});
