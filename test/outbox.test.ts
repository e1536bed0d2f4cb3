import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FarmProcess } from './support/farm-process.ts';
import type { MailAnswer } from './support/mail-server.ts';
import { MailServer } from './support/mail-server.ts';
import { openBreakage } from './support/outbox.ts';
import type { SmallFarm } from './support/small-farm.ts';
import { createSmallFarm } from './support/small-farm.ts';

describe('the outbox', () => {
  let repositories: SmallFarm;
  let mails: MailServer;
  let farm: FarmProcess | undefined;

  beforeEach(async () => {
    mails = await MailServer.start();
    repositories = await createSmallFarm();
  });
  afterEach(async () => {
    await farm?.[Symbol.asyncDispose]();
    await repositories[Symbol.asyncDispose]();
    await mails[Symbol.asyncDispose]();
  });

  /** A farm that has a breakage to tell to so many people, once it is started again. */
  async function farmWithNews(recipients: number): Promise<FarmProcess> {
    const to = Array.from({ length: recipients }, (_, index) => `dev${index}@example.test`);
    const started = await FarmProcess.start({
      farm: repositories.farm({
        extra: `notify: {to: [${to.join(', ')}], smtp: '${mails.url}'}\n`,
      }),
      remotes: repositories.remotes,
    });
    await started.stop();
    openBreakage(started);
    return started;
  }

  it('sends 50 notices although the master is killed three times in the middle', async () => {
    const kills = [10, 25, 40];
    farm = await farmWithNews(50);
    const { promise: allKilled, resolve, reject } = Promise.withResolvers<void>();
    mails.answer = async (): Promise<MailAnswer> => {
      if (mails.mails.length < (kills[0] ?? Infinity)) return 'take';
      kills.shift();
      try {
        // This mail is taken, but whoever sent it will never know.
        await farm?.kill();
        await farm?.start();
      } catch (error) {
        reject(error as Error);
      }
      if (kills.length === 0) resolve();
      return 'take';
    };

    await farm.start();
    await allKilled;
    for (let id = 1; id <= 50; id += 1) {
      await farm.events.until('delivery.sent', { subject: `delivery/${id}` });
    }

    const byRecipient = Map.groupBy(mails.mails, ({ to }) => to);
    assert.equal(byRecipient.size, 50);
    const repeats = mails.mails.length - 50;
    // A kill may repeat what was under way: at most four deliveries.
    assert.ok(repeats >= 3 && repeats <= 12, `${repeats} repeats`);
    for (const [to, received] of byRecipient) {
      const ids = new Set(received.map((mail) => mail.header('message-id')));
      assert.equal(ids.size, 1, `${to} got one message under ${ids.size} ids`);
    }
  });
});
