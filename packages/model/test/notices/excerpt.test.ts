import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { linesThatMatter } from '../../src/index.ts';

const numbered = (count: number, word: string): string[] =>
  Array.from({ length: count }, (_, index) => `${word} ${index + 1}`);

describe('linesThatMatter', () => {
  it('takes all of a short log, without blank lines at its ends', () => {
    assert.deepEqual(linesThatMatter('\n\none\n\n\n\ntwo\n\n'), ['one', '', 'two']);
  });

  it('takes the end of a long log in which nothing speaks of trouble', () => {
    assert.deepEqual(linesThatMatter(numbered(100, 'line').join('\n')).at(0), 'line 71');
  });

  it('shows where trouble began, and how the suite summed it up', () => {
    const log = [
      ...numbered(50, 'ok'),
      'not ok 51 - the parser takes yield',
      '# expected: 1',
      ...numbered(60, 'ok'),
      '111 tests, 1 bad',
    ];

    const lines = linesThatMatter(log.join('\n'));

    assert.deepEqual(lines.slice(0, 3), [
      'ok 50',
      'not ok 51 - the parser takes yield',
      '# expected: 1',
    ]);
    assert.equal(lines.at(-1), '111 tests, 1 bad');
    assert.ok(lines.includes('[34 lines left out]'), lines.join('\n'));
    assert.equal(lines.length, 31);
  });

  it('takes several failures together as far as they fit', () => {
    const log = [...numbered(40, 'ok'), 'Error: one', ...numbered(10, '  at'), 'Error: two'];
    assert.equal(linesThatMatter([...log, ...numbered(40, 'ok')].join('\n'))[1], 'Error: one');
  });

  it('is not misled by a summary that counts no failures', () => {
    const log = ['AssertionError: 1 != 2', ...numbered(40, 'ok'), '41 passed, 0 failed, no errors'];
    assert.equal(linesThatMatter(log.join('\n'))[0], 'AssertionError: 1 != 2');
  });

  it('removes colours, overwritten progress, and what turns a line round', () => {
    const raw =
      '\u001B[31mred\u001B[0m\n10 %\r50 %\r100 %\r\n\u001B]0;title\u0007a\u202Eb\u0000c\td';
    assert.deepEqual(linesThatMatter(raw), ['red', '100 %', 'abc  d']);
  });

  it('is bounded whatever comes', () => {
    const lines = linesThatMatter(`error ${'x'.repeat(100_000)}\n`.repeat(500));
    assert.ok(lines.length <= 31);
    assert.ok(lines.every((line) => line.length <= 200));
  });
});
