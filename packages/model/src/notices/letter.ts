import { quarantineRule } from '../workers/quarantine.ts';
import type {
  BreakageFacts,
  BrokenRow,
  ConfirmationFacts,
  NoticeContent,
  Side,
  WorkerNews,
} from './facts.ts';
import type { WorkerNoticeKind } from './facts.ts';
import { oneLine } from './one-line.ts';
import { reproduceNeeds } from './reproduce.ts';
import type { Scope } from './scope.ts';
import { scopeInWords } from './scope.ts';
import { series } from './series.ts';

/** A part of a letter, as both forms of a mail and the outbox's page show it. */
export type Block =
  | { readonly is: 'heading' | 'text'; readonly text: string }
  | { readonly is: 'link'; readonly text: string; readonly url: string }
  | { readonly is: 'table'; readonly rows: readonly TableRow[] }
  /** Preformatted: what a step printed, or commands. */
  | { readonly is: 'lines'; readonly lines: readonly string[] };

export interface TableRow {
  /** The first one is the link's text. */
  readonly cells: readonly string[];
  readonly url: string;
}

export interface Letter {
  /** Whether it brings bad news, good news, or neither. */
  readonly tone: 'bad' | 'good' | 'plain';
  /** The one sentence that a preview shows. */
  readonly lead: string;
  readonly blocks: readonly Block[];
  /** Why its reader gets it, and how that ends. */
  readonly footer: readonly Block[];
}

export interface LetterContext {
  readonly farm: string;
  /** Where the pages are, without a slash at the end. */
  readonly url: string;
  /** The scopes that the reader follows, as far as they led to this letter. */
  readonly scopes: readonly Scope[];
  /** Null on pages that anyone may see: whoever has it may unsubscribe its reader. */
  readonly unsubscribeUrl: string | null;
  /** Of a confirmation. */
  readonly confirmUrl: string | null;
}

/** What a notice says to one reader. */
export function letterOf(content: NoticeContent, context: LetterContext): Letter {
  switch (content.kind) {
    case 'breakage-opened':
    case 'breakage-grew':
      return { ...opened(content.facts, context), footer: footer(context) };
    case 'breakage-fixed':
      return { ...fixed(content.facts, context), footer: footer(context) };
    case 'confirmation':
      return confirmation(content.facts, context);
    case 'worker-accepted':
    case 'worker-promoted':
    case 'worker-missing':
    case 'worker-back':
    case 'worker-disagreed':
    case 'worker-quarantined':
    case 'worker-recovered':
      return { ...worker(content.kind, content.facts, context), footer: footer(context) };
  }
}

type Said = Omit<Letter, 'footer'>;

function opened(facts: BreakageFacts, { url }: LetterContext): Said {
  const { excerpt, reproduce } = facts;
  const blocks: Block[] = [
    { is: 'heading', text: 'What broke' },
    { is: 'table', rows: brokenRows(facts, url) },
    ...omitted(facts.builders - facts.rows.length, 'builder'),
    ...changed(facts, url),
  ];
  if (excerpt !== null) {
    blocks.push(
      { is: 'heading', text: `The last lines of ${excerpt.step} on ${excerpt.builder}` },
      { is: 'lines', lines: excerpt.lines },
      { is: 'link', text: 'The whole log', url: `${url}/logs/${excerpt.log}` },
    );
  }
  if (reproduce.length > 0) {
    blocks.push(
      { is: 'heading', text: 'See it on your own machine' },
      { is: 'text', text: reproduceNeeds },
      { is: 'lines', lines: reproduce.flatMap((command) => command.split('\n')) },
    );
  }
  blocks.push({
    is: 'link',
    text: 'The breakage, and who is on it',
    url: `${url}/breakages/${facts.id}`,
  });
  return { tone: 'bad', lead: lead(facts), blocks };
}

function lead(facts: BreakageFacts): string {
  const { moved, trunk, title, builders } = facts;
  const shown = `${builders} ${builders === 1 ? 'builder shows' : 'builders show'} it, and a second run agreed.`;
  const what = oneLine(title, 200);
  switch (moved) {
    case 'upstream':
      return `A change of ${trunk} broke ${what}. ${shown}`;
    case 'project':
      return `${what} broke by a change of its own${ofTrunks(facts)}. ${shown}`;
    case 'both':
      return `${what} broke when both sides had changed. ${shown}`;
    case 'neither':
      return `${what} broke though neither side changed: look at the machine, the network, or the clock. ${shown}`;
  }
}

/** How it is with the trunks of what a project's own change broke. */
function ofTrunks({ trunk, trunks = [trunk], haveTrunksMoved = false }: BreakageFacts): string {
  if (haveTrunksMoved) return `, with ${series(trunks)}`;
  return `, while ${series(trunks)} stayed as ${trunks.length === 1 ? 'it was' : 'they were'}`;
}

function brokenRows({ rows, closedAt }: BreakageFacts, url: string): TableRow[] {
  return rows.map((row) => ({
    cells: [
      row.builder,
      row.step ?? 'outside its steps',
      row.fixedBy === null ? redWords(row, closedAt) : 'green again',
    ],
    url: `${url}/builds/${row.fixedBy ?? row.build}`,
  }));
}

function redWords({ finding, said = '' }: BrokenRow, closedAt: number | null): string {
  // Over without a green build: the farm file names the builder no more.
  if (closedAt !== null) return 'built no more';
  const what = finding ?? 'failure';
  return said === '' ? what : `${what}: ${oneLine(said, 120)}`;
}

function changed(facts: BreakageFacts, url: string): Block[] {
  const { sides, trunk, trunks = [trunk], haveTrunksMoved = false, moved } = facts;
  if (moved === 'neither') return [];
  const blocks: Block[] = sides.flatMap((side) => sideBlocks(side, url));
  if (moved === 'project' && !haveTrunksMoved) {
    const text = `Nothing changed in ${series(trunks)} between them.`;
    blocks.push({ is: 'text', text });
  }
  return blocks;
}

function sideBlocks({ branch, green, red, count, changes }: Side, url: string): Block[] {
  const span = `last green ${green.slice(0, 7)}, first red ${red.slice(0, 7)}`;
  return [
    { is: 'heading', text: `What changed in ${branch} (${span})` },
    {
      is: 'table',
      rows: changes.map(({ id, commit, author, subject }) => ({
        cells: [commit.slice(0, 7), oneLine(subject, 100), oneLine(author, 60)],
        url: `${url}/changes/${id}`,
      })),
    },
    ...omitted(count - changes.length, 'older change'),
  ];
}

function omitted(count: number, what: string): Block[] {
  if (count <= 0) return [];
  return [{ is: 'text', text: `and ${count} ${what}${count === 1 ? '' : 's'} more` }];
}

function fixed(facts: BreakageFacts, { url }: LetterContext): Said {
  const { title, rows, openedAt, closedAt, builders } = facts;
  const took = closedAt === null ? '' : ` after ${inWords(closedAt - openedAt)}`;
  const what = oneLine(title, 200);
  const isGreen = rows.some(({ fixedBy }) => fixedBy !== null);
  return {
    tone: isGreen ? 'good' : 'plain',
    lead: isGreen
      ? `Fixed${took}: ${what} is green again.`
      : `Over${took}: the farm builds ${what} no more.`,
    blocks: [
      { is: 'table', rows: brokenRows(facts, url) },
      ...omitted(builders - rows.length, 'builder'),
      { is: 'link', text: 'The breakage', url: `${url}/breakages/${facts.id}` },
    ],
  };
}

const workerLeads: Readonly<Record<WorkerNoticeKind, readonly [Letter['tone'], string]>> = {
  'worker-accepted': ['good', 'was accepted, and takes builds from now on.'],
  'worker-promoted': ['good', 'is off probation: its builds count like those of any other.'],
  'worker-missing': ['bad', 'is missing: the farm does not hear from it any more.'],
  'worker-back': ['good', 'is back.'],
  'worker-disagreed': ['bad', 'failed what others pass.'],
  'worker-quarantined': ['bad', 'is quarantined: its builds come to no result.'],
  'worker-recovered': ['good', 'is not quarantined any more.'],
};

function worker(kind: WorkerNoticeKind, news: WorkerNews, { url }: LetterContext): Said {
  const blocks: Block[] = news.text === '' ? [] : [{ is: 'text', text: oneLine(news.text, 1_000) }];
  if (news.build !== null) {
    blocks.push({ is: 'link', text: 'The build', url: `${url}/builds/${news.build}` });
  }
  if (kind === 'worker-quarantined') blocks.push(...quarantined(news, url));
  blocks.push({
    is: 'link',
    text: 'The worker',
    url: `${url}/workers/${encodeURIComponent(news.worker)}`,
  });
  const [tone, what] = workerLeads[kind];
  return { tone, lead: `Your worker ${news.worker} ${what}`, blocks };
}

function quarantined({ taken = [] }: WorkerNews, url: string): Block[] {
  return [
    { is: 'heading', text: 'Its last builds without a result' },
    {
      is: 'table',
      rows: taken.map(({ build, builder, number, result, text }) => ({
        cells: [`${builder} #${number}`, result, oneLine(text, 200)],
        url: `${url}/builds/${build}`,
      })),
    },
    { is: 'heading', text: 'What to do' },
    { is: 'text', text: 'On the machine, this looks at all that a worker needs:' },
    { is: 'lines', lines: ['node weir-worker.mjs doctor'] },
    ...quarantineRule.map((text) => ({ is: 'text', text }) as const),
  ];
}

function confirmation(
  { scope }: ConfirmationFacts,
  { farm, url, confirmUrl }: LetterContext,
): Letter {
  const link: Block[] =
    confirmUrl === null ? [] : [{ is: 'link', text: 'Yes, tell me', url: confirmUrl }];
  return {
    tone: 'plain',
    lead: `Somebody, you most likely, asked that ${farm} tells this address of breakages of ${scopeInWords(scope)}.`,
    blocks: link,
    footer: [
      { is: 'text', text: 'If it was not you, do nothing: no other mail will come.' },
      { is: 'link', text: farm, url: `${url}/` },
    ],
  };
}

function footer({ farm, url, scopes, unsubscribeUrl }: LetterContext): Block[] {
  const followed = scopes.map(scopeInWords).join(' and ');
  const blocks: Block[] = [
    {
      is: 'text',
      text: `${farm} sends this to those who follow ${followed === '' ? 'it' : followed}.`,
    },
    { is: 'link', text: 'What you can follow', url: `${url}/subscribe` },
  ];
  if (unsubscribeUrl !== null) {
    blocks.push({ is: 'link', text: 'Unsubscribe', url: unsubscribeUrl });
  }
  return blocks;
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

function inWords(milliseconds: number): string {
  const [unit, size] = units.find(([, each]) => milliseconds >= each) ?? ['second', 1_000];
  const count = Math.max(1, Math.round(milliseconds / size));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
