import { randomUUID } from 'node:crypto';
import type { NoticeContent } from '@weir/model';
import type { Kysely } from 'kysely';
import { countMembers } from '../store/breakages.ts';
import { insertDeliveries } from '../store/deliveries.ts';
import { recordEvents } from '../store/events.ts';
import type { NoticeRow } from '../store/notices.ts';
import { setBreakageTold, setTold } from '../store/notices.ts';
import type { Database } from '../store/schema.ts';
import type { Telling } from './telling.ts';

/**
 * Writes down what a notice says, and a delivery for each who is told. Runs in a unit; false when
 * the notice gathers no more, or what was read for it is not all any more: nothing is written then.
 *
 * @param host of the farm's mail address, for the Message-IDs
 */
export async function writeTelling(
  db: Kysely<Database>,
  notice: Pick<NoticeRow, 'id' | 'about'>,
  { content, headline, addressees }: Telling,
  { host, at }: { host: string; at: number },
): Promise<boolean> {
  if (await hasGrown(db, content)) return false;
  if (!(await setTold(db, notice.id, { at, headline, content }))) return false;
  const deliveries = addressees.map((addressee) => ({
    ...addressee,
    notice: notice.id,
    messageId: `<${randomUUID()}@${host}>`,
  }));
  await insertDeliveries(db, deliveries, at);
  if (content.kind === 'breakage-opened') await setBreakageTold(db, content.facts.id, at);
  const data = { about: notice.about, headline, recipients: addressees.length };
  const event = { at, kind: 'notice.told', actor: 'engine', subject: `notice/${notice.id}` };
  await recordEvents(db, [{ ...event, data }]);
  return true;
}

/** A builder that came since would be told of by nobody: while a notice gathers, no other is written. */
async function hasGrown(db: Kysely<Database>, content: NoticeContent): Promise<boolean> {
  if (content.kind !== 'breakage-opened' && content.kind !== 'breakage-grew') return false;
  const { id, builders } = content.facts;
  return (await countMembers(db, id)) > builders;
}
