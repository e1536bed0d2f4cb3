import assert from 'node:assert/strict';
import { maxTries } from '@weir/model';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { MailAnswer } from '../../../../test/support/mail-server.ts';
import { MailServer } from '../../../../test/support/mail-server.ts';
import { DeliveryRefusedError } from '../../src/notify/deliverer.ts';
import { mailServerOf, smtpMailer } from '../../src/notify/mailer.ts';
import { NotifyFarm } from './notify-farm.ts';

const json = 'lua/main/json/here';

describe('delivering mail', () => {
  let farm: NotifyFarm | undefined;
  let mails: MailServer;
  beforeEach(async () => {
    mails = await MailServer.start();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    farm = undefined;
    await mails[Symbol.asyncDispose]();
  });

  /** One person is told of a breakage. */
  async function tellOne(): Promise<NotifyFarm> {
    farm = await NotifyFarm.start(`{gather: 0s, smtp: '${mails.url}'}`);
    await farm.breaks(json, { moved: 'project' });
    return farm;
  }

  it('tries again while the server says later, under one Message-ID', async () => {
    const ids: string[] = [];
    mails.answer = (mail): MailAnswer => {
      ids.push(mail.header('message-id'));
      return ids.length < 3 ? { code: 451, text: 'greylisted' } : 'take';
    };

    const [delivery] = await (await tellOne()).deliveries();

    assert.equal(delivery?.state, 'sent');
    assert.equal(delivery.tries, 3);
    assert.deepEqual(new Set(ids), new Set([delivery.message_id]));
    assert.equal(mails.mails.length, 1);
  });

  it('gives up at once when the server refuses the mail for good, and tries again when told to', async () => {
    mails.answer = () => ({ code: 550, text: 'no such user here' });
    const it = await tellOne();
    const [failed] = await it.deliveries();
    assert.equal(failed?.state, 'failed');
    assert.equal(failed.tries, 1);
    assert.match(failed.error ?? '', /550 no such user here/);

    mails.answer = () => 'take';
    const command = { t: 'retry-delivery', delivery: failed.id, reason: 'mended' } as const;
    await it.command('admin', command);
    await it.deliveries(([row]) => row?.state === 'sent');

    assert.equal(mails.mails.length, 1);
    await assert.rejects(it.command('admin', command), { code: 'no-change' });
  });

  it('gives up after so many tries, and says why', async () => {
    mails.answer = () => ({ code: 421, text: 'not today' });

    const [failed] = await (await tellOne()).deliveries();

    assert.equal(failed?.state, 'failed');
    assert.equal(failed.tries, maxTries);
    assert.match(failed.error ?? '', /421 not today/);
  });

  it('stores what a server takes while the master stops', async () => {
    const taking = Promise.withResolvers<void>();
    const { promise: asked, resolve: hasAsked } = Promise.withResolvers<void>();
    mails.answer = async (): Promise<MailAnswer> => {
      hasAsked();
      await taking.promise;
      return 'take';
    };
    const it = await tellOne();
    await asked;

    const stopping = it.notifier.stop();
    taking.resolve();
    await stopping;

    const [delivery] = await it.deliveries((rows) => rows.length > 0);
    assert.equal(delivery?.state, 'sent');
  });

  it('does not wait for ever for a server that says nothing', async () => {
    mails.answer = () => 'hang';
    const times = { connectMs: 5_000, silenceMs: 200 };
    const mailer = await smtpMailer(mailServerOf(mails.url, 'the test'), times);

    const sending = mailer.send({ from: 'a@example.test', to: 'b@example.test', text: '' }, '1');

    await assert.rejects(sending, (error) => !(error instanceof DeliveryRefusedError));
    mailer.close();
  });

  it('signs in at a server that wants it, with what the address says', async () => {
    const account = { user: 'weir@example.test', password: 'p/a:s@s' };
    await using server = await MailServer.start(account);
    const mail = { from: 'a@example.test', to: 'b@example.test', text: '' };
    const address = new URL(server.url);
    address.username = account.user;
    address.password = encodeURIComponent(account.password);

    const mailer = await smtpMailer(mailServerOf(address.href, 'the test'));
    await mailer.send(mail, '1');
    mailer.close();
    assert.equal(server.mails.length, 1);

    // A wrong password is the operator's to mend: the mail is tried again.
    address.password = 'wrong';
    const other = await smtpMailer(mailServerOf(address.href, 'the test'));
    await assert.rejects(other.send(mail, '2'), { code: 'EAUTH' });
    other.close();
  });

  it('refuses an address of a server without telling it', () => {
    assert.throws(
      () => mailServerOf('https://user:secret@mail.example.test', 'WEIR_SMTP_URL'),
      (error: Error) => /WEIR_SMTP_URL/.test(error.message) && !/secret/.test(error.message),
    );
  });
});
