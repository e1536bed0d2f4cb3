import type { BreakageFacts, NoticeContent, Side, WorkerNoticeKind } from './facts.ts';
import { oneLine } from './one-line.ts';
import { scopeInWords } from './scope.ts';

const maxSubject = 160;
const maxChangeSubject = 60;

const workerWords: Readonly<Record<WorkerNoticeKind, string>> = {
  'worker-accepted': 'was accepted',
  'worker-promoted': 'is off probation',
  'worker-missing': 'is missing',
  'worker-back': 'is back',
  'worker-disagreed': 'fails what others pass',
  'worker-quarantined': 'is quarantined',
  'worker-recovered': 'builds again',
};

/**
 * What a notice says in one line: `pebble/main broke roman (test) since 1a2b3c4 "Add yield"`. One
 * that a thing is fixed or back has the line of the notice that it answers.
 */
export function headline(content: NoticeContent): string {
  switch (content.kind) {
    case 'breakage-opened':
    case 'breakage-grew':
    case 'breakage-fixed':
      return oneLine(breakageHeadline(content.facts), maxSubject);
    case 'confirmation':
      return `confirm that you follow ${scopeInWords(content.facts.scope)}`;
    case 'worker-accepted':
    case 'worker-promoted':
    case 'worker-missing':
    case 'worker-back':
    case 'worker-disagreed':
    case 'worker-quarantined':
    case 'worker-recovered':
      return oneLine(`${content.facts.worker} ${workerWords[content.kind]}`, maxSubject);
  }
}

function breakageHeadline({ title, trunk, moved, sides }: BreakageFacts): string {
  switch (moved) {
    case 'upstream':
      return `${trunk} broke ${title}${since(sides)}`;
    case 'project':
      return `${title} is broken${since(sides)}`;
    case 'both':
      return `${title} is broken: ${sides.map(({ branch }) => branch).join(' or ')} did it`;
    case 'neither':
      return `${title} is broken, and no change explains it`;
  }
}

/** The one change that did it, or how many it was one of. */
function since(sides: readonly Side[]): string {
  const [side] = sides;
  const newest = side?.changes[0];
  if (side === undefined || newest === undefined) return '';
  if (side.count > 1) return `: one of ${side.count} changes up to ${newest.commit.slice(0, 7)}`;
  const subject = oneLine(newest.subject, maxChangeSubject);
  return ` since ${newest.commit.slice(0, 7)} "${subject}"`;
}
