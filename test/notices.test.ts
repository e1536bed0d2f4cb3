import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import { MailServer } from './support/mail-server.ts';
import { needs } from './support/needs.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { appBuilder, createSmallFarm } from './support/small-farm.ts';

describe('a mail about a breakage', () => {
  let repositories: SmallFarm;
  let farm: FarmProcess;
  let mails: MailServer;

  before(async function () {
    needs(this, 'bwrap');
    mails = await MailServer.start();
    repositories = await createSmallFarm();
    farm = await FarmProcess.start({
      farm: repositories.farm({
        extra: `notify: {to: [ops@example.test], from: Test farm <weir@example.test>, smtp: '${mails.url}'}\n`,
      }),
      remotes: repositories.remotes,
    });
    await farm.addWorker({ name: 'w1', sandbox: 'bubblewrap' });
    await farm.events.until('build.finished', { data: { builder: appBuilder } });
  });
  after(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories?.[Symbol.asyncDispose]();
    await mails?.[Symbol.asyncDispose]();
  });

  it('comes once when a second run agrees, with what broke, since when, and what it said', async () => {
    await repositories.lang.commit({
      message: 'Add keyword yield',
      author: 'Ada Test <ada@example.test>',
      files: { 'lang.sh': '#!/bin/sh\necho "yield: not a command in $1" >&2\nexit 3\n' },
    });

    await mails.until(({ length }) => length > 0);

    const [mail] = mails.mails;
    assert.ok(mail);
    assert.equal(mail.to, 'ops@example.test');
    assert.match(
      mail.header('subject'),
      /^\[weir\] lang\/main broke app \(test\) since [0-9a-f]{7} "Add keyword yield"$/,
    );
    assert.equal(mail.header('from'), 'Test farm <weir@example.test>');
    assert.equal(mail.header('auto-submitted'), 'auto-generated');
    assert.equal(mail.header('list-unsubscribe-post'), 'List-Unsubscribe=One-Click');
    assert.match(
      mail.header('list-unsubscribe'),
      /^<http:\/\/127\.0\.0\.1:\d+\/unsubscribe\/\d+\/[\w-]{32}>$/,
    );
    assert.match(mail.header('list-id'), /<notices\.example\.test>$/);
    assert.match(mail.text, /What changed in lang\/main/);
    assert.match(mail.text, /Add keyword yield {2}Ada Test\n/);
    assert.match(mail.text, / {4}yield: not a command in \.\/app\.txt\n/);
    assert.match(mail.text, / {4}node weir-worker\.mjs reproduce http:\S+\/builds\/\d+\n/);
    assert.match(mail.html, /yield: not a command in \.\/app\.txt/);
    assert.match(mail.text, new RegExp(`${farm.url}/builds/\\d+\n`));
  });

  it('is followed in its thread by one that says it is fixed', async () => {
    await repositories.lang.commit({
      message: 'Remember',
      files: { 'lang.sh': '#!/bin/sh\n. "$1"\n' },
    });

    await mails.until(({ length }) => length > 1);

    const [broken, fixed] = mails.mails;
    assert.equal(fixed?.header('subject'), `Re: ${broken?.header('subject')}`);
    assert.equal(fixed?.header('in-reply-to'), broken?.header('message-id'));
    assert.equal(fixed?.header('references'), broken?.header('message-id'));
    assert.match(fixed?.text ?? '', /^Fixed after .*: app \(test\) is green again\./);
    assert.equal(mails.mails.length, 2);
  });
});
