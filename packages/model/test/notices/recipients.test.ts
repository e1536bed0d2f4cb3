import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Scope, Subscription } from '../../src/index.ts';
import {
  canonicalAddress,
  isMailAddress,
  isScope,
  maskedAddress,
  recipientsOf,
  scopeInWords,
  scopesOfBreakage,
} from '../../src/index.ts';

const mail = (id: number, address: string, scope: Scope): Subscription => ({
  id,
  channel: 'mail',
  address,
  scope,
});

describe('recipientsOf', () => {
  it('names each once, with all that it follows, in one order', () => {
    const subscriptions = [
      mail(3, 'b@example.org', 'project/json'),
      mail(2, 'a@example.org', 'farm'),
      mail(1, 'b@example.org', 'farm'),
      { ...mail(4, 'b@example.org', 'farm'), channel: 'webhook' as const },
    ];

    const recipients = recipientsOf(subscriptions);

    assert.deepEqual(
      recipients.map(({ channel, address, subscriptions: its }) => [
        channel,
        address,
        its.map(({ id }) => id),
      ]),
      [
        ['mail', 'a@example.org', [2]],
        ['mail', 'b@example.org', [1, 3]],
        ['webhook', 'b@example.org', [4]],
      ],
    );
    assert.deepEqual(recipientsOf(subscriptions.toReversed()), recipients);
  });
});

describe('scopesOfBreakage', () => {
  const shown = [
    { trunk: 'lua/main', project: 'json' },
    { trunk: 'lua/main', project: 'yaml' },
  ];

  it('are the projects and the trunk whose change may have done it', () => {
    for (const moved of ['upstream', 'both'] as const) {
      assert.deepEqual(scopesOfBreakage({ id: 7, moved, shown }), [
        'breakage/7',
        'farm',
        'project/json',
        'project/yaml',
        'trunk/lua/main',
      ]);
    }
  });

  it('are not a trunk that did not change', () => {
    for (const moved of ['project', 'neither'] as const) {
      const scopes = scopesOfBreakage({ id: 7, moved, shown: shown.slice(0, 1) });
      assert.deepEqual(scopes, ['breakage/7', 'farm', 'project/json']);
    }
  });

  it('are the trunk whose own runtime is broken, whatever changed', () => {
    const runtime = [{ trunk: 'lua/main', project: null }];
    assert.deepEqual(scopesOfBreakage({ id: 7, moved: 'neither', shown: runtime }), [
      'breakage/7',
      'farm',
      'trunk/lua/main',
    ]);
  });
});

describe('a scope', () => {
  for (const text of ['farm', 'trunk/lua/v5.4', 'project/json', 'worker/w-1', 'breakage/12']) {
    it(`may be ${text}`, () => assert.ok(isScope(text)));
  }
  for (const text of ['', 'all', 'trunk/lua', 'project/', 'project/a/b', 'breakage/0', 'farm\n']) {
    it(`is not ${JSON.stringify(text)}`, () => assert.ok(!isScope(text)));
  }

  it('has words', () => {
    assert.equal(scopeInWords('farm'), 'the whole farm');
    assert.equal(scopeInWords('trunk/lua/main'), 'the trunk lua/main');
  });
});

describe('a mail address', () => {
  for (const text of ['a@b', 'ann.o+weir@mail.example.org', "o'hara@example.org"]) {
    it(`may be ${text}`, () => assert.ok(isMailAddress(text)));
  }
  for (const text of [
    '',
    'a',
    '@b',
    'a@',
    'a@b@c',
    'a b@c',
    'a@b\n',
    'a@b\r\nBcc: c@d',
    'a,b@c',
    '<a@b>',
    '"a"@b',
    '.a@b',
    'a..b@c',
    'a@-b',
    'a@b..c',
    `${'a'.repeat(65)}@b`,
    `a@${'b.'.repeat(130)}c`,
  ]) {
    it(`is not ${JSON.stringify(text).slice(0, 30)}`, () => assert.ok(!isMailAddress(text)));
  }

  it('is written in one way', () => {
    assert.equal(canonicalAddress('Ann@Example.ORG'), 'Ann@example.org');
  });

  it('is masked for visitors', () => {
    assert.equal(maskedAddress('ann.o@example.org'), 'a***@example.org');
  });
});
