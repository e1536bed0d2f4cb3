import type { NoticeContent, Recipient, Scope, WorkerNoticeKind } from '@weir/model';
import {
  badNewsEndedBy,
  headline,
  isReadyToTell,
  recipientKey,
  recipientsOf,
  scopesOfBreakage,
  trunkName,
} from '@weir/model';
import type { Kysely } from 'kysely';
import { breakageById, membersOf } from '../store/breakages.ts';
import type { DeliveryRow } from '../store/deliveries.ts';
import { deliveriesAbout } from '../store/deliveries.ts';
import type { NoticeRow } from '../store/notices.ts';
import { contentOf, noticesAbout } from '../store/notices.ts';
import type { Database } from '../store/schema.ts';
import { activeSubscriptions, subscriptionsById } from '../store/subscriptions.ts';
import type { FactSources } from './breakage-facts.ts';
import { readBreakageFacts } from './breakage-facts.ts';
import { isAnyUnsettled } from './unsettled.ts';

export interface Addressee {
  readonly channel: Recipient['channel'];
  readonly address: string;
  /** The ids of those of its subscriptions because of which it is told. */
  readonly subscriptions: readonly number[];
  /** The message that this one answers, in one thread. */
  readonly answers: string | null;
}

/** What is told to whom. Nobody to tell is no reason not to write down what there was to tell. */
export interface Telling {
  readonly content: NoticeContent;
  readonly headline: string;
  readonly addressees: readonly Addressee[];
}

/** What a notice that gathers tells; null while something may be added to it. */
export async function tellingOf(
  sources: FactSources,
  notice: NoticeRow,
  now: number,
): Promise<Telling | null> {
  switch (notice.kind) {
    case 'breakage-opened':
    case 'breakage-grew':
      return tellBreakage(sources, notice, now);
    case 'breakage-fixed':
      return tellFixed(sources, notice);
    case 'worker-accepted':
    case 'worker-promoted':
    case 'worker-missing':
    case 'worker-back':
    case 'worker-disagreed':
    case 'worker-quarantined':
    case 'worker-recovered':
      return tellWorker(sources.db, notice);
    case 'confirmation':
      // It is written as told.
      return null;
  }
}

async function tellBreakage(
  sources: FactSources,
  { kind, about, created_at: since }: NoticeRow,
  now: number,
): Promise<Telling | null> {
  const { db, farm } = sources;
  const id = numberIn(about);
  // Closed just now: the event that says so drops the notice.
  if ((await breakageById(db, id))?.state !== 'open') return null;
  const members = await membersOf(db, [id]);
  const isUnsettled = await isAnyUnsettled(db, members);
  if (!isReadyToTell({ since, now, gatherMs: farm.notify.gatherMs, isUnsettled })) return null;
  const facts = await readBreakageFacts(sources, id);
  if (facts === undefined) return null;
  const shown = members.map(({ upstream, trunk, project }) => ({
    trunk: trunkName(upstream, trunk),
    project,
  }));
  const followers = await followersOf(db, scopesOfBreakage({ id, moved: facts.moved, shown }));
  const told = new Set((await deliveriesAbout(db, about)).map(recipientKey));
  const addressees = followers.filter((follower) => !told.has(recipientKey(follower)));
  const content = { kind: kind === 'breakage-grew' ? kind : 'breakage-opened', facts } as const;
  return { content, headline: headline(content), addressees };
}

/** Those who heard that it broke hear that it is fixed, in the same thread; others if they asked for that. */
async function tellFixed(sources: FactSources, { about }: NoticeRow): Promise<Telling | null> {
  const { db } = sources;
  const id = numberIn(about);
  const facts = await readBreakageFacts(sources, id);
  if (facts === undefined) return null;
  const earlier = await noticesAbout(db, about);
  const content = { kind: 'breakage-fixed', facts } as const;
  const line = earlier.find((each) => each.headline !== null)?.headline ?? headline(content);
  const told = await deliveriesAbout(db, about);
  const hadNews = new Set(told.map(recipientKey));
  const waiting = await followersOf(db, [`breakage/${id}`]);
  const addressees = [
    ...(await stillFollowing(db, told)),
    ...waiting.filter((follower) => !hadNews.has(recipientKey(follower))),
  ];
  return { content, headline: line, addressees };
}

async function tellWorker(db: Kysely<Database>, notice: NoticeRow): Promise<Telling> {
  const content = contentOf(notice);
  const line = headline(content);
  const ended = badNewsEndedBy[notice.kind as WorkerNoticeKind];
  if (ended === undefined) {
    const addressees = await followersOf(db, [notice.about as Scope]);
    return { content, headline: line, addressees };
  }
  const earlier = await noticesAbout(db, notice.about);
  const bad = earlier.findLast(({ kind }) => kind === ended);
  const told = (await deliveriesAbout(db, notice.about)).filter(
    ({ notice_id: id }) => id === bad?.id,
  );
  return { content, headline: line, addressees: await stillFollowing(db, told) };
}

async function followersOf(db: Kysely<Database>, scopes: readonly Scope[]): Promise<Addressee[]> {
  const recipients = recipientsOf(await activeSubscriptions(db, scopes));
  return recipients.map(({ channel, address, subscriptions }) => ({
    channel,
    address,
    subscriptions: subscriptions.map(({ id }) => id),
    answers: null,
  }));
}

/** Who was sent one of these, and has not unsubscribed since; each once. */
async function stillFollowing(
  db: Kysely<Database>,
  told: readonly DeliveryRow[],
): Promise<Addressee[]> {
  const addressees = new Map<string, Addressee>();
  for (const delivery of told) {
    const isHeard = delivery.state === 'sent' || delivery.state === 'waiting';
    if (!isHeard || addressees.has(recipientKey(delivery))) continue;
    const { channel, address, message_id: answers } = delivery;
    const ids = JSON.parse(delivery.subscriptions_json) as number[];
    const active = (await subscriptionsById(db, ids)).filter(({ state }) => state === 'active');
    if (active.length === 0) continue;
    const subscriptions = active.map(({ id }) => id);
    addressees.set(recipientKey(delivery), { channel, address, subscriptions, answers });
  }
  return [...addressees.values()];
}

function numberIn(about: string): number {
  return Number(about.slice(about.indexOf('/') + 1));
}
