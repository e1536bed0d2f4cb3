import { ada, jun, priya } from './authors.ts';
import type { Author } from './git.ts';
import type { DemoName } from './repositories.ts';

/** A place in a file that a scene changes; `from` stands there exactly once. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** One commit of the demo. */
export interface Scene {
  readonly repository: DemoName;
  readonly author: Author;
  /** The first line of the commit's message. */
  readonly message: string;
  readonly body?: string;
  readonly edits: readonly Edit[];
  /** The suites that are red from this commit on, until the next one. */
  readonly red: readonly DemoName[];
}

const sliceFromZero: readonly Edit[] = [
  { file: 'pebble.awk', from: 'push(substr(pop(), b, n))', to: 'push(substr(pop(), b + 1, n))' },
  { file: 'README.md', from: 'string is number 1.', to: 'string is number 0.' },
  {
    file: 'test/strings.peb',
    from: '"pebble" 1 3 slice "peb" "slice takes START and LENGTH, from 1" check',
    to: '"pebble" 0 3 slice "peb" "slice takes START and LENGTH, from 0" check',
  },
  { file: 'test/strings.peb', from: '"pebble" 4 9 slice', to: '"pebble" 3 9 slice' },
];

const swappedLetters: Edit = { file: 'roman.peb', from: '40 "XL" numeral', to: '40 "LX" numeral' };

/** What lands while the demo runs: each kind of change that a farm is there for, and its end. */
export const scenes: readonly Scene[] = [
  {
    repository: 'pebble',
    author: jun,
    message: 'Add the word max',
    edits: [
      {
        file: 'pebble.awk',
        from: '  else if (word == "not")',
        to: '  else if (word == "max") { b = number(); a = number(); push(a > b ? a : b) }\n  else if (word == "not")',
      },
      {
        file: 'test/language.peb',
        from: '1 0 and 0 "and" check\n',
        to: '2 9 max 9 "max" check\n1 0 and 0 "and" check\n',
      },
    ],
    red: [],
  },
  {
    repository: 'pebble',
    author: ada,
    message: 'Count characters from 0',
    body: 'Most languages do. Our own tests needed two changes.',
    edits: sliceFromZero,
    red: ['mosaic'],
  },
  {
    repository: 'pebble',
    author: ada,
    message: 'Revert "Count characters from 0"',
    body: 'It breaks programs that cut strings, mosaic for one.',
    edits: sliceFromZero.map(reversed),
    red: [],
  },
  {
    repository: 'roman',
    author: priya,
    message: 'Tidy up the table of numerals',
    edits: [swappedLetters],
    red: ['roman'],
  },
  {
    repository: 'roman',
    author: priya,
    message: 'Forty is XL again',
    edits: [reversed(swappedLetters)],
    red: [],
  },
];

function reversed({ file, from, to }: Edit): Edit {
  return { file, from: to, to: from };
}
