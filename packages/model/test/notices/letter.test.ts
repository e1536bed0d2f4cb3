import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { BreakageFacts, LetterContext } from '../../src/index.ts';
import { headline, letterOf, letterText, reproduceCommands } from '../../src/index.ts';

const change = { id: 12, commit: '1a2b3c4d5e', author: 'Ada', subject: 'Add keyword yield' };
const facts: BreakageFacts = {
  id: 7,
  title: 'mosaic (install), roman (test)',
  trunk: 'pebble/main',
  moved: 'upstream',
  openedAt: 0,
  closedAt: null,
  rows: [
    {
      builder: 'pebble/main/roman/linux',
      project: 'roman',
      platform: 'linux',
      step: 'test',
      finding: null,
      build: 71,
      fixedBy: null,
    },
    {
      builder: 'pebble/main/mosaic/linux',
      project: 'mosaic',
      platform: 'linux',
      step: 'install',
      finding: 'install-failed',
      build: 72,
      fixedBy: null,
    },
  ],
  builders: 2,
  sides: [
    { branch: 'pebble/main', green: '0f0f0f0f', red: '1a2b3c4d5e', count: 1, changes: [change] },
  ],
  excerpt: {
    builder: 'pebble/main/roman/linux',
    step: 'test',
    log: 9,
    lines: ['SyntaxError: yield'],
  },
  reproduce: reproduceCommands('https://weir.example.org', 71),
};
const context: LetterContext = {
  farm: 'Demo',
  url: 'https://weir.example.org',
  scopes: ['project/roman', 'trunk/pebble/main'],
  unsubscribeUrl: 'https://weir.example.org/unsubscribe/1/x',
  confirmUrl: null,
};

describe('headline', () => {
  it('names the trunk that broke something, and the one change that did', () => {
    assert.equal(
      headline({ kind: 'breakage-opened', facts }),
      'pebble/main broke mosaic (install), roman (test) since 1a2b3c4 "Add keyword yield"',
    );
  });

  it('blames no single change of several', () => {
    const sides = facts.sides.map((side) => ({ ...side, count: 5 }));
    assert.match(
      headline({ kind: 'breakage-opened', facts: { ...facts, sides } }),
      /roman \(test\): one of 5 changes up to 1a2b3c4$/,
    );
  });

  it('blames nobody where nothing changed', () => {
    const quiet = { ...facts, moved: 'neither', sides: [] } as const;
    assert.match(headline({ kind: 'breakage-opened', facts: quiet }), /no change explains it$/);
  });

  it('is one short line whatever a commit says', () => {
    const subject = `Fix\r\nBcc: all@example.org\u202E ${'x'.repeat(1_000)}`;
    const sides = facts.sides.map((side) => ({ ...side, changes: [{ ...change, subject }] }));
    const line = headline({ kind: 'breakage-opened', facts: { ...facts, sides } });
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
    assert.ok(line.length <= 160);
  });
});

describe('letterText', () => {
  it('says what broke, since when, what the step said, how to see it, and why it came', () => {
    assert.equal(
      letterText(letterOf({ kind: 'breakage-opened', facts }, context)),
      `A change of pebble/main broke mosaic (install), roman (test). 2 builders
show it, and a second run agreed.

What broke
----------

  pebble/main/roman/linux   test     failure
    https://weir.example.org/builds/71
  pebble/main/mosaic/linux  install  install-failed
    https://weir.example.org/builds/72

What changed in pebble/main (last green 0f0f0f0, first red 1a2b3c4)
-------------------------------------------------------------------

  1a2b3c4  Add keyword yield  Ada
    https://weir.example.org/changes/12

The last lines of test on pebble/main/roman/linux
-------------------------------------------------

    SyntaxError: yield

The whole log: https://weir.example.org/logs/9

See it on your own machine
--------------------------

With Node 24.15 or newer, git and bubblewrap, in an empty folder:

    curl -fO https://weir.example.org/weir-worker.mjs
    node weir-worker.mjs reproduce https://weir.example.org/builds/71

The breakage, and who is on it: https://weir.example.org/breakages/7

-- 
Demo sends this to those who follow the project roman and the trunk
pebble/main.
What you can follow: https://weir.example.org/subscribe
Unsubscribe: https://weir.example.org/unsubscribe/1/x
`,
    );
  });

  it('says in words what a finding is', () => {
    const said = '15 tests where #7 had 30: 10 % may go';
    const rows = facts.rows.map((row) => ({ ...row, finding: 'tests-vanished', said }) as const);

    const text = letterText(
      letterOf({ kind: 'breakage-opened', facts: { ...facts, rows } }, context),
    );

    assert.match(text, /test +tests-vanished: 15 tests where #7 had 30: 10 % may go\n/);
  });

  it('says that all is green again, and how long it was not', () => {
    const rows = facts.rows.map((row) => ({ ...row, fixedBy: 80 }));
    const text = letterText(
      letterOf({ kind: 'breakage-fixed', facts: { ...facts, rows, closedAt: 7_200_000 } }, context),
    );
    assert.match(text, /^Fixed after 2 hours: mosaic \(install\), roman \(test\) is green again\./);
    assert.match(text, /green again\n {4}https:\/\/weir\.example\.org\/builds\/80/);
  });

  it('says that a breakage is over whose builders were removed, and calls nothing green', () => {
    const removed = { ...facts, closedAt: 7_200_000 };
    const text = letterText(letterOf({ kind: 'breakage-fixed', facts: removed }, context));
    assert.match(
      text,
      /^Over after 2 hours: the farm builds mosaic \(install\), roman \(test\) no more\./,
    );
    assert.match(text, /built no more/);
    assert.doesNotMatch(text, /green again|Fixed/);
  });

  it('says that a project broke by a change of its own', () => {
    const own = { ...facts, moved: 'project', title: 'roman (test)' } as const;
    const text = letterText(letterOf({ kind: 'breakage-opened', facts: own }, context));
    assert.match(text, /^roman \(test\) broke by a change of its own/);
    assert.match(text, /Nothing changed in pebble\/main between them\./);
  });

  it('says of several trunks what holds for all of them', () => {
    const trunks = ['pebble/main', 'pebble/v1'];
    const own = { ...facts, moved: 'project', title: 'roman (test)', trunks } as const;
    const lead = (haveTrunksMoved: boolean): string =>
      letterOf({ kind: 'breakage-opened', facts: { ...own, haveTrunksMoved } }, context).lead;

    assert.match(lead(false), /its own, while pebble\/main and pebble\/v1 stayed as they were\./);
    assert.match(lead(true), /by a change of its own, with pebble\/main and pebble\/v1\./);
    const moved = { ...own, haveTrunksMoved: true };
    const text = letterText(letterOf({ kind: 'breakage-opened', facts: moved }, context));
    assert.doesNotMatch(text, /Nothing changed|stayed/);
  });

  it('shows the owner of a quarantined worker its last builds, and what to do', () => {
    const taken = [
      { build: 71, builder: 'roman', number: 3, result: 'lost', text: 'the runner ended' },
      { build: 70, builder: 'mosaic', number: 9, result: 'exception', text: 'no git' },
    ] as const;
    const news = { worker: 'w1', at: 0, text: '8 times in a row.', build: null, taken };

    const text = letterText(letterOf({ kind: 'worker-quarantined', facts: news }, context));

    assert.match(text, /^Your worker w1 is quarantined: its builds come to no result\./);
    assert.match(
      text,
      /mosaic #9 +exception +no git\n {4}https:\/\/weir\.example\.org\/builds\/70/,
    );
    assert.match(text, /What to do[^]*node weir-worker\.mjs doctor[^]*1 h at most\./);
  });
});
