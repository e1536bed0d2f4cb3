import type { BreakageFacts } from '@weir/model';
import { headline } from '@weir/model';
import { ensureNoticeSecret } from '../../src/notify/tokens.ts';
import { insertDeliveries } from '../../src/store/deliveries.ts';
import { insertNotice, setTold } from '../../src/store/notices.ts';
import { askForSubscription } from '../../src/store/subscriptions.ts';
import type { SmallFarm } from './small-farm.ts';
import { commitOf, start } from './small-farm.ts';

/**
 * Fills the outbox: of one breakage a mail that was sent (1), one that failed (2), one that waits (3)
 * and a webhook that nobody wants any more (4). Subscription 1 is a project's.
 *
 * @param text what strangers wrote: it stands wherever their texts do
 */
export async function fillOutbox(farm: SmallFarm, text: string): Promise<void> {
  await ensureNoticeSecret(farm.store);
  await farm.store.unit(async (db) => {
    const asked = { channel: 'mail', address: 'ann@example.test', scope: 'project/json' } as const;
    const { id: subscription } = await askForSubscription(db, asked, start);
    const content = { kind: 'breakage-opened', facts: factsOf(text) } as const;
    const notice = await insertNotice(db, { kind: content.kind, about: 'breakage/7', at: start });
    await setTold(db, notice, { at: start, headline: headline(content), content });
    const common = { notice, answers: null, subscriptions: [subscription] };
    await insertDeliveries(
      db,
      (['ann', 'gone', 'slow', 'room'] as const).map((name) => ({
        ...common,
        channel: name === 'room' ? 'webhook' : 'mail',
        address: name === 'room' ? name : `${name}@example.test`,
        messageId: `<${name}@example.test>`,
      })),
      start,
    );
    const ended = { ended_at: start, tries: 1 };
    const error = `550 ${text}`;
    const states = [
      { state: 'sent', ...ended },
      { state: 'failed', error, ...ended },
      { state: 'waiting', error, tries: 2 },
      { state: 'dropped', ...ended },
    ] as const;
    for (const [index, values] of states.entries()) {
      await db
        .updateTable('delivery')
        .set(values)
        .where('id', '=', index + 1)
        .execute();
    }
  });
}

function factsOf(text: string): BreakageFacts {
  const change = { id: 1, commit: commitOf('red'), author: text, subject: text };
  return {
    id: 7,
    title: 'json (test)',
    trunk: 'lua/master',
    moved: 'upstream',
    openedAt: start,
    closedAt: null,
    rows: [
      {
        builder: 'lua/master/json/linux',
        project: 'json',
        platform: 'linux',
        step: 'test',
        finding: null,
        build: 1,
        fixedBy: null,
      },
    ],
    builders: 1,
    sides: [
      {
        branch: 'lua/master',
        green: commitOf('green'),
        red: commitOf('red'),
        count: 1,
        changes: [change],
      },
    ],
    excerpt: { builder: 'lua/master/json/linux', step: 'test', log: 1, lines: [text] },
    reproduce: [text],
  };
}
