import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'mocha';
import type { FarmFileError } from '../../src/farm/farm-file-error.ts';
import { formatFarmErrors } from '../../src/farm/format-errors.ts';

const error: FarmFileError = {
  file: 'farm.yaml',
  line: 2,
  column: 4,
  length: 3,
  path: 'limits.log',
  problem: 'a wrong value',
  expected: 'a size',
  came: '"1MB"',
  suggestion: 'did you mean 1MiB?',
};

describe('errors as a compiler shows them', () => {
  it('show the line, a mark under what is wrong, and what to do', () => {
    assert.equal(
      formatFarmErrors([error], new Map([['farm.yaml', 'farm: f\nab 1MB c\n']])),
      `farm.yaml:2:4: error: limits.log: a wrong value
  |
2 | ab 1MB c
  |    ^^^
  = expected a size
  = came "1MB"
  = did you mean 1MiB?
`,
    );
  });

  it('are the same in colour, but for the colours', () => {
    const coloured = formatFarmErrors([error], new Map([['farm.yaml', 'farm: f\nab 1MB c\n']]), {
      colour: true,
    });

    assert.notEqual(coloured, stripVTControlCharacters(coloured));
    assert.equal(
      stripVTControlCharacters(coloured),
      formatFarmErrors([error], new Map([['farm.yaml', 'farm: f\nab 1MB c\n']])),
    );
  });

  it('show the part of a long line that is wrong', () => {
    const column = 5_001;
    const text = `${'x'.repeat(5_000)}1MB${'y'.repeat(5_000)}`;

    const lines = formatFarmErrors(
      [{ ...error, line: 1, column }],
      new Map([['farm.yaml', text]]),
    ).split('\n');

    assert.equal(lines[2]?.length, 104);
    const at = lines[3]?.indexOf('^^^') ?? -1;
    assert.equal(lines[2]?.slice(at, at + 3), '1MB');
  });

  it('obey nothing that stands in the file', () => {
    const shown = formatFarmErrors(
      [{ ...error, line: 1, problem: 'x\x1b[2Jy' }],
      new Map([['farm.yaml', '\x1b[2J\u202E\tab']]),
    );

    assert.ok(!shown.includes('\x1b'));
    assert.ok(!shown.includes('\u202E'));
    assert.ok(!shown.includes('\t'));
  });

  it('name only the file when it could not be read', () => {
    const nowhere = { ...error, line: 0, column: 0, path: '', came: null, expected: null };

    assert.equal(
      formatFarmErrors([{ ...nowhere, problem: 'larger than 1 MiB', suggestion: null }], new Map()),
      'farm.yaml: error: larger than 1 MiB\n',
    );
  });
});
