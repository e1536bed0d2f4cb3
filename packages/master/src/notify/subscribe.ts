import { randomUUID } from 'node:crypto';
import type { Farm, Scope } from '@weir/model';
import { canonicalAddress, headline, isMailAddress, isScope } from '@weir/model';
import type { Kysely } from 'kysely';
import { CommandError } from '../command.ts';
import { breakageById } from '../store/breakages.ts';
import { insertDeliveries } from '../store/deliveries.ts';
import { recordEvents } from '../store/events.ts';
import { insertNotice, setTold } from '../store/notices.ts';
import type { Database } from '../store/schema.ts';
import {
  activeSubscriptions,
  askForSubscription,
  askedSince,
  setSubscriptionState,
  subscriptionById,
} from '../store/subscriptions.ts';
import { workerByName } from '../store/workers.ts';

const dayMs = 24 * 3_600_000;
/** Unconfirmed at one time, so that nobody's mailbox is filled by strangers with our mails. */
const maxAskedByAddress = 5;
const maxAsked = 200;

/**
 * Asks an address by mail whether it wants to follow a scope. Who follows it already hears nothing,
 * and so does who asks: nobody can find out here who follows what.
 *
 * @throws CommandError
 */
export async function subscribe(
  db: Kysely<Database>,
  asked: { address: string; scope: string },
  { farm, at }: { farm: Farm; at: number },
): Promise<void> {
  if (!isMailAddress(asked.address)) {
    throw new CommandError(400, 'bad-address', 'that is no mail address');
  }
  const scope = await knownScope(db, farm, asked.scope);
  const address = canonicalAddress(asked.address);
  const recent = await askedSince(db, at - dayMs);
  const own = recent.filter((each) => each.address === address);
  if (own.some((each) => each.scope === scope)) return;
  if (own.length >= maxAskedByAddress || recent.length >= maxAsked) {
    throw new CommandError(
      503,
      'too-many-asked',
      'too many mails wait for an answer: come back tomorrow',
    );
  }
  const active = await activeSubscriptions(db, [scope]);
  if (active.some((each) => each.channel === 'mail' && each.address === address)) return;
  const row = await askForSubscription(db, { channel: 'mail', address, scope }, at);
  await askToConfirm(db, { ...row, farm, at });
}

async function knownScope(db: Kysely<Database>, farm: Farm, text: string): Promise<Scope> {
  if (isScope(text) && (await isKnown(db, farm, text))) return text;
  throw new CommandError(400, 'bad-scope', 'this farm has nothing of that name to follow');
}

async function isKnown(db: Kysely<Database>, farm: Farm, scope: Scope): Promise<boolean> {
  const [kind = '', name = '', trunk = ''] = scope.split('/');
  switch (kind) {
    case 'trunk':
      return farm.upstreams.get(name)?.trunks.has(trunk) ?? false;
    case 'project':
      return farm.projects.has(name);
    case 'worker':
      return (await workerByName(db, name))?.state === 'accepted';
    case 'breakage':
      return (await breakageById(db, Number(name)))?.state === 'open';
    default:
      return true;
  }
}

async function askToConfirm(
  db: Kysely<Database>,
  asked: { id: number; address: string; scope: Scope; farm: Farm; at: number },
): Promise<void> {
  const { id, address, scope, farm, at } = asked;
  const content = { kind: 'confirmation', facts: { subscription: id, scope } } as const;
  const about = `subscription/${id}`;
  const notice = await insertNotice(db, { kind: 'confirmation', about, at });
  await setTold(db, notice, { at, headline: headline(content), content });
  const host = farm.notify.from.address.split('@')[1] ?? 'localhost';
  const messageId = `<${randomUUID()}@${host}>`;
  const delivery = { notice, address, messageId, subscriptions: [id], answers: null };
  await insertDeliveries(db, [{ ...delivery, channel: 'mail' }], at);
  const event = { at, kind: 'subscription.asked', actor: 'visitor', subject: about };
  await recordEvents(db, [{ ...event, data: { scope } }]);
}

/** The answer to that mail. Who confirms twice is told nothing else. @throws CommandError */
export async function confirmSubscription(
  db: Kysely<Database>,
  ids: readonly number[],
  at: number,
): Promise<void> {
  for (const id of ids) {
    const row = await subscriptionById(db, id);
    if (row === undefined || row.state === 'ended') {
      throw new CommandError(409, 'no-change', 'this was ended meanwhile: ask for it again');
    }
    if (!(await setSubscriptionState(db, id, { from: 'asked', to: 'active' }))) continue;
    await recordSubscription(db, 'subscription.confirmed', row, at);
  }
}

/** Ends subscriptions; those that are ended stay so. */
export async function unsubscribe(
  db: Kysely<Database>,
  ids: readonly number[],
  at: number,
): Promise<void> {
  for (const id of ids) {
    const row = await subscriptionById(db, id);
    if (row === undefined || row.state === 'ended') continue;
    await setSubscriptionState(db, id, { from: row.state, to: 'ended' });
    await recordSubscription(db, 'subscription.ended', row, at);
  }
}

// The event log is public: it names what is followed, and never who does.
async function recordSubscription(
  db: Kysely<Database>,
  kind: string,
  { id, scope }: { id: number; scope: Scope },
  at: number,
): Promise<void> {
  const event = { at, kind, actor: 'subscriber', subject: `subscription/${id}` };
  await recordEvents(db, [{ ...event, data: { scope } }]);
}
