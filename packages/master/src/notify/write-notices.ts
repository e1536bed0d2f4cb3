import type { TakenLine, WorkerNews, WorkerNoticeKind } from '@weir/model';
import {
  agreementsNeeded,
  badNewsEndedBy,
  canonicalAddress,
  isMailAddress,
  isScope,
  quietQuarantineMs,
  workerNoticeKinds,
} from '@weir/model';
import type { Kysely } from 'kysely';
import type { LoggedEvent } from '../events/reader.ts';
import { deliveriesAbout } from '../store/deliveries.ts';
import type { NoticeRow } from '../store/notices.ts';
import { dropNotice, insertNotice, noticesAbout } from '../store/notices.ts';
import type { Database } from '../store/schema.ts';
import { activeSubscriptions, addSubscription } from '../store/subscriptions.ts';
import { workerByName } from '../store/workers.ts';

const breakageEvents = ['breakage.opened', 'breakage.grew', 'breakage.closed'];
const workerEvents: ReadonlyMap<string, WorkerNoticeKind> = new Map(
  workerNoticeKinds.map((kind) => [kind.replace('-', '.'), kind]),
);

const dayMs = 24 * 3_600_000;

/** Whether a notice follows from an event. */
export function isNews({ kind, at, data }: LoggedEvent): boolean {
  // Most quarantines are over before anyone could do something about them.
  if (kind === 'worker.quarantined') return Number(data['until']) - at > quietQuarantineMs;
  return breakageEvents.includes(kind) || workerEvents.has(kind);
}

/** Writes the notice that follows from an event, in the unit of the reader's cursor. */
export async function writeNotices(db: Kysely<Database>, event: LoggedEvent): Promise<void> {
  const { kind, subject: about, at } = event;
  const gathering = (await noticesAbout(db, about)).filter(({ state }) => state === 'gathering');
  switch (kind) {
    case 'breakage.opened':
      await insertNotice(db, { kind: 'breakage-opened', about, at });
      return;
    case 'breakage.grew':
      // What is not told yet will hold the builder that came now.
      if (gathering.length === 0) await insertNotice(db, { kind: 'breakage-grew', about, at });
      return;
    case 'breakage.closed': {
      // What was over before anyone heard of it is no news.
      for (const { id } of gathering) await dropNotice(db, id);
      if (await isAwaited(db, about)) await insertNotice(db, { kind: 'breakage-fixed', about, at });
      return;
    }
  }
  const content = workerContent(event);
  if (content === undefined || !isNewsAgain(await noticesAbout(db, about), content.kind, at)) {
    return;
  }
  await subscribeOwner(db, content.facts.worker, at);
  await insertNotice(db, { kind: content.kind, about, at, content });
}

/** Whether somebody heard that it broke, or asked to be told when it is fixed. */
async function isAwaited(db: Kysely<Database>, breakage: string): Promise<boolean> {
  if ((await deliveriesAbout(db, breakage)).length > 0) return true;
  return isScope(breakage) && (await activeSubscriptions(db, [breakage])).length > 0;
}

/** A worker that comes and goes all day long is told of once a day, and once until it is over. */
function isNewsAgain(earlier: readonly NoticeRow[], kind: WorkerNoticeKind, at: number): boolean {
  const ended = badNewsEndedBy[kind];
  if (ended !== undefined) {
    const last = earlier.findLast((each) => each.kind === kind || each.kind === ended);
    return last?.kind === ended;
  }
  const last = earlier.findLast((each) => each.kind === kind);
  if (last === undefined) return true;
  if (kind === 'worker-quarantined' && !isOver(earlier, last)) return false;
  return at - last.created_at >= dayMs;
}

function isOver(earlier: readonly NoticeRow[], bad: NoticeRow): boolean {
  return earlier.some(
    (each) => each.id > bad.id && badNewsEndedBy[each.kind as WorkerNoticeKind] === bad.kind,
  );
}

/** Whoever owns a worker follows it, until they unsubscribe. */
async function subscribeOwner(db: Kysely<Database>, name: string, at: number): Promise<void> {
  const owner = (await workerByName(db, name))?.owner ?? '';
  if (!isMailAddress(owner)) return;
  const address = canonicalAddress(owner);
  const scope = `worker/${name}` as const;
  await addSubscription(db, { channel: 'mail', address, scope }, { source: 'owner', at });
}

interface WorkerContent {
  readonly kind: WorkerNoticeKind;
  readonly facts: WorkerNews;
}

function workerContent({ kind, subject, at, data }: LoggedEvent): WorkerContent | undefined {
  const noticeKind = workerEvents.get(kind);
  if (noticeKind === undefined) return undefined;
  const worker = subject.slice(subject.indexOf('/') + 1);
  const { build, builds } = data;
  const facts = {
    worker,
    at,
    text: workerText(kind, data),
    build: typeof build === 'number' ? build : null,
    ...(Array.isArray(builds) && { taken: builds as TakenLine[] }),
  };
  return { kind: noticeKind, facts };
}

function workerText(kind: string, data: LoggedEvent['data']): string {
  const { text, trust, builder, strikes, until } = data;
  if (typeof text === 'string') return text;
  if (kind === 'worker.accepted' && trust === 'probation') {
    return `It is on probation: it repeats builds whose answer is known. When ${agreementsNeeded} of them in a row came out as they should, its builds count like those of any other worker.`;
  }
  if (kind === 'worker.disagreed' && typeof builder === 'string') {
    return `Its build of ${builder} came out otherwise than those of other workers.`;
  }
  if (kind === 'worker.quarantined' && typeof until === 'number') {
    return `${String(strikes)} times in a row infrastructure took what it built. It takes builds again at ${new Date(until).toISOString()}.`;
  }
  return '';
}
