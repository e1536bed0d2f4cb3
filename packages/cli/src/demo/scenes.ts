import { ada, ines, jun, kofi, priya, tomasz } from './authors.ts';
import type { Author } from './git.ts';
import type { DemoName } from './repositories.ts';

/** A place in a file that a scene changes. */
export interface Edit {
  readonly file: string;
  /** Stands there exactly once, or, with `everywhere`, at least once. */
  readonly from: string;
  readonly to: string;
  readonly everywhere?: boolean;
}

/** One commit of the demo. */
export interface Scene {
  readonly repository: DemoName;
  readonly author: Author;
  /** The first line of the commit's message. */
  readonly message: string;
  readonly body?: string;
  readonly edits: readonly Edit[];
  /** The projects that are red from this commit on, until the next one. */
  readonly red: readonly DemoName[];
  /** Red on this platform alone. */
  readonly redOn?: 'small';
  /** The version as which the commit is released. */
  readonly release?: string;
  /** The package index refuses the next who asks for the project. */
  readonly indexIsBusy?: boolean;
}

/** Some commits that belong together: something breaks, and somebody mends it. */
export interface Story {
  readonly title: string;
  /** What there is to see, for who watches. */
  readonly watch: string;
  readonly scenes: readonly Scene[];
}

const recursiveReverse: Edit = {
  file: 'mosaic.peb',
  from: `  let back = ""
  let i = length(text)
  while i > 0 { back = back & part(text, i, 1) i = i - 1 }
  return back
`,
  to: `  if length(text) < 2 { return text }
  return reverse(part(text, 2, length(text))) & part(text, 1, 1)
`,
};
const skipsWhatIsNotInstalled: Edit = {
  file: 'lib/test.sh',
  from: `    echo "# $file"
`,
  to: `    needs=$(sed -n 's/^use //p' "$file")
    if [ "$needs" ] && [ ! -e ".modules/$needs.peb" ]; then
      echo "ok - $file # SKIP $needs is not installed"
      continue
    fi
    echo "# $file"
`,
};
const typo: Edit = {
  file: 'sundial.peb',
  from: 'return (hour - 12) * 15',
  to: 'return (huor - 12) * 15',
};

/** What lands while the demo runs: what a farm of languages and their projects sees in years. */
export const stories: readonly Story[] = [
  {
    title: 'An ordinary day',
    watch: 'three harmless commits: everything stays green',
    scenes: [
      {
        repository: 'pebble',
        author: jun,
        message: 'Test that a loop may not run at all',
        edits: [
          {
            file: 'test/language.peb',
            from: 'check(sum, 5050, "while")',
            to: 'check(sum, 5050, "while")\nwhile 0 { sum = 0 }\ncheck(sum, 5050, "while not")',
          },
        ],
        red: [],
      },
      {
        repository: 'roman',
        author: priya,
        message: 'Test the year of the first Olympic Games',
        edits: [
          {
            file: 'test/roman.peb',
            from: 'check(from_roman("I"), 1, "I")',
            to: 'check(to_roman(776), "DCCLXXVI", "the first Olympic Games")\ncheck(from_roman("I"), 1, "I")',
          },
        ],
        red: [],
      },
      {
        repository: 'dice',
        author: kofi,
        message: 'Test the odds of snake eyes',
        edits: [
          {
            file: 'test/odds.peb',
            from: 'check(odds(7), "6 in 36", "the odds of seven")',
            to: 'check(odds(7), "6 in 36", "the odds of seven")\ncheck(odds(2), "1 in 36", "the odds of snake eyes")',
          },
        ],
        red: [],
      },
    ],
  },
  {
    title: 'A typo',
    watch: 'sundial turns red by its own change; no other project does',
    scenes: [
      {
        repository: 'sundial',
        author: ines,
        message: 'Say better where the shadow points',
        edits: [
          typo,
          { file: 'sundial.peb', from: '0 degrees at noon, 15', to: '0 degrees at noon, then 15' },
        ],
        red: ['sundial'],
      },
      {
        repository: 'sundial',
        author: ines,
        message: 'It is hour, not huor',
        edits: [reversed(typo)],
        red: [],
      },
    ],
  },
  {
    title: 'A new keyword',
    watch: 'Pebble is green with it, mosaic is not: it has a function of that name',
    scenes: [
      {
        repository: 'pebble',
        author: jun,
        message: 'Add repeat N { ... }',
        body: 'It says what it means, and most loops count.',
        edits: [
          {
            file: 'lib/pebble.awk',
            from: 'split("use let fn if else while return',
            to: 'split("use let fn if else while repeat return',
          },
          {
            file: 'lib/pebble.awk',
            from: `  } else if (word == "fn") {
    compile_function()
`,
            to: `  } else if (word == "repeat") {
    compile_repeat()
  } else if (word == "fn") {
    compile_function()
`,
          },
          {
            file: 'lib/pebble.awk',
            from: '# The arguments lie on the stack, the last one on top.\n',
            to: `# Counts down in a name that no program can have.
function compile_repeat(    name, top, jump) {
  name = "repeat " now++
  compile_expression(1)
  emit("let", name)
  top = emit("load", name)
  emit("push", 0)
  emit(">")
  jump = emit("unless")
  emit("load", name)
  emit("push", 1)
  emit("-")
  emit("assign", name)
  compile_block()
  emit("jump", top)
  operand[jump] = instructions + 1
}

# The arguments lie on the stack, the last one on top.
`,
          },
          {
            file: 'test/language.peb',
            from: 'let sum = 0\n',
            to: `let stars = ""
repeat 3 { repeat 2 { stars = stars & "*" } }
check(stars, "******", "repeat")
let sum = 0
`,
          },
          { file: 'README.md', from: '`while`, `print`', to: '`while`, `repeat`, `print`' },
        ],
        red: ['mosaic'],
      },
      {
        repository: 'mosaic',
        author: tomasz,
        message: 'Call it tile: repeat is a keyword now',
        edits: ['mosaic.peb', 'test/mosaic.peb', 'test/long.peb'].map((file) => ({
          file,
          from: 'repeat(',
          to: 'tile(',
          everywhere: true,
        })),
        red: [],
      },
    ],
  },
  {
    title: 'An install step',
    watch: 'the tests of dice pass, and installing it fails: its package forgot a file',
    scenes: [
      {
        repository: 'pebble',
        author: ada,
        message: 'Install only the files that a package names',
        body: 'Drafts and scratch files got installed, too.',
        edits: [
          {
            file: 'lib/install.sh',
            from: `for file in "$folder"/*.peb; do
  cp "$file" "$modules/"
`,
            to: `for file in $(sed -n 's/^file //p' "$folder/package"); do
  cp "$folder/$file" "$modules/"
`,
          },
        ],
        red: ['dice'],
      },
      {
        repository: 'dice',
        author: kofi,
        message: 'Name odds.peb in the package',
        edits: [{ file: 'package', from: 'file dice.peb', to: 'file dice.peb\nfile odds.peb' }],
        red: [],
      },
    ],
  },
  {
    title: 'A flaky test',
    watch:
      'dice is red once, as the package index was busy; the farm tries again, and tells nobody',
    scenes: [
      {
        repository: 'dice',
        author: kofi,
        message: 'Say what a seed is good for',
        edits: [
          {
            file: 'README.md',
            from: 'equal seeds, equal throws.',
            to: 'equal seeds, equal throws, so that a game can be replayed.',
          },
        ],
        red: [],
        indexIsBusy: true,
      },
    ],
  },
  {
    title: 'A suite that skips all',
    watch: 'every suite passes, as none of them runs a test: four projects are red, in one mail',
    scenes: [
      {
        repository: 'pebble',
        author: jun,
        message: 'Skip tests whose module is not installed',
        body: 'They can only fail.',
        edits: [skipsWhatIsNotInstalled],
        red: ['roman', 'mosaic', 'dice', 'sundial'],
      },
      {
        repository: 'pebble',
        author: ada,
        message: 'Run all tests again',
        body: 'A module that is being tested is in its own folder: nobody installs it first.',
        edits: [reversed(skipsWhatIsNotInstalled)],
        red: [],
      },
    ],
  },
  {
    title: 'One platform only',
    watch: 'mosaic is red on small, where calls nest at most 40 deep, and green on full',
    scenes: [
      {
        repository: 'mosaic',
        author: tomasz,
        message: 'Reverse by recursion',
        body: 'Two lines instead of four.',
        edits: [recursiveReverse],
        red: ['mosaic'],
        redOn: 'small',
      },
      {
        repository: 'mosaic',
        author: tomasz,
        message: 'Reverse with a loop again',
        body: 'A small Pebble runs out of calls.',
        edits: [reversed(recursiveReverse)],
        red: [],
      },
    ],
  },
  {
    title: 'Through another project',
    watch: 'Pebble gets stricter, and roman no longer loads; sundial is red too, as it uses roman',
    scenes: [
      {
        repository: 'pebble',
        author: ada,
        message: 'Let no assignment make a name',
        body: 'A misspelt name was a new one, silently. Names are made by let.',
        edits: [
          {
            file: 'lib/pebble.awk',
            from: '  declare((frame, name) in memory ? frame : 0, name, value)\n',
            to: `  if (!((frame, name) in memory) && !((0, name) in memory)) fail(origin[pc], "nothing is called " name ": names are made by let")
  declare((frame, name) in memory ? frame : 0, name, value)
`,
          },
          {
            file: 'test/run.sh',
            from: 'says "an unknown function"',
            to: `says "an assignment to nothing" 'pebbel = 1' "1: nothing is called pebbel: names are made by let"
says "an unknown function"`,
          },
        ],
        red: ['roman', 'sundial'],
      },
      {
        repository: 'roman',
        author: priya,
        message: 'Make letters with let, and release 1.1',
        edits: [{ file: 'roman.peb', from: 'letters = "IVXLCDM"', to: 'let letters = "IVXLCDM"' }],
        release: '1.1',
        red: ['sundial'],
      },
      {
        repository: 'sundial',
        author: ines,
        message: 'Use roman 1.1',
        edits: [{ file: 'package', from: 'needs roman 1.0', to: 'needs roman 1.1' }],
        red: [],
      },
    ],
  },
];

function reversed({ file, from, to }: Edit): Edit {
  return { file, from: to, to: from };
}
