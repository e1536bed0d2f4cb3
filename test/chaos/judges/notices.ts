import type { ApiDelivery } from '@weir/protocol';
import type { Evidence } from '../evidence.ts';
import { everyone } from '../farm-file.ts';
import type { Receipt } from '../mailbox.ts';
import type { Loss } from './loss.ts';

/** Whoever was to be told was told, by the mail server's word and not by the farm's. */
export function judgeNotices(evidence: Evidence): Loss[] {
  return [...judgeDeliveries(evidence), ...judgeBreakages(evidence)];
}

/** What the outbox calls sent has arrived: so many different messages of a subject at an address as it says. */
function judgeDeliveries({ deliveries, receipts }: Evidence): Loss[] {
  const mails = deliveries.filter(({ channel }) => channel === 'mail');
  const unsent = mails.filter(({ state }) => state !== 'sent' && state !== 'dropped');
  const sent = mails.filter(({ state }) => state === 'sent');
  const lost = [...Map.groupBy(sent, keyOfDelivery)].flatMap(([key, group]) => {
    const ids = new Set(
      receipts.filter((each) => keyOf(each) === key).map(({ messageId }) => messageId),
    );
    if (ids.size >= group.length) return [];
    return [loss(group, `${group.length} were sent by the outbox's word, and ${ids.size} arrived`)];
  });
  return [...unsent.map((each) => loss([each], `is ${each.state}: ${each.error ?? ''}`)), ...lost];
}

/** A breakage that opened was told, unless it closed before anybody could be. */
function judgeBreakages({ events, notices, receipts, deliveries }: Evidence): Loss[] {
  const subjectsOf = (kind: string): string[] =>
    events.filter((event) => event.kind === kind).map(({ subject }) => subject);
  const closed = new Set(subjectsOf('breakage.closed'));
  const heard = new Set(receipts.filter(({ to }) => to === everyone).map(({ subject }) => subject));
  return subjectsOf('breakage.opened').flatMap((about) => {
    const opened = notices.find(
      (notice) => notice.about === about && notice.kind === 'breakage-opened',
    );
    if (opened === undefined) return [lossOf(about, 'opened, and there is no notice of it')];
    if (opened.state === 'dropped' && closed.has(about)) return [];
    const headline = deliveries.find(({ notice }) => notice === opened.id)?.headline;
    const isHeard = headline !== undefined && heard.has(`[weir] ${headline}`);
    return isHeard ? [] : [lossOf(about, `opened, and ${everyone} never heard of it`)];
  });
}

/** A message that comes twice is excused by a death of the master, or a broken link, in between. */
export function judgeRepeats({ receipts, interruptions }: Evidence): {
  readonly losses: Loss[];
  readonly repeats: number;
} {
  let repeats = 0;
  const losses: Loss[] = [];
  for (const [key, group] of Map.groupBy(
    receipts,
    ({ to, messageId }) => `${messageId} to ${to}`,
  )) {
    for (const [index, { at, subject }] of group.entries()) {
      const before = group[index - 1];
      if (before === undefined) continue;
      repeats += 1;
      // The receiver's clock notes a mail before it answers.
      if (interruptions.some((moment) => moment >= before.at && moment <= at)) continue;
      const text = `came again after ${at - before.at} ms, and nothing had come between: ${subject}`;
      losses.push({ judge: 'repeats', subject: key, text, look: ['mails.jsonl', 'master.log'] });
    }
  }
  return { losses, repeats };
}

function keyOf({ to, subject }: Receipt): string {
  return `${to} ${subject.replace(/^Re: /, '')}`;
}

function keyOfDelivery({ address, headline }: ApiDelivery): string {
  return `${address} [weir] ${headline}`;
}

function loss(group: readonly ApiDelivery[], text: string): Loss {
  const [first] = group;
  return lossOf(`delivery/${first?.id}`, `${first?.headline} to ${first?.address}: ${text}`);
}

function lossOf(subject: string, text: string): Loss {
  return { judge: 'notices', subject, text, look: ['mails.jsonl', 'events.jsonl', 'master.log'] };
}
