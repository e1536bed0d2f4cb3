import { stories, type Story } from './scenes.ts';

/** The story that goes on; `undefined` before the first, and `'over'` after the last. */
export type Progress = Story | 'over' | undefined;

/** What the pages say on top, as it stands in the farm file. */
export function pageIntroduction(progress: Progress): string[] {
  const current = progress === 'over' ? stories.length : indexOf(progress);
  return [
    'Pebble is a small language. roman, mosaic, dice and sundial are projects written in it, and sundial uses roman. Whenever Pebble or a project changes, the farm tests each project with the newest Pebble, on two platforms: full, and small, where Pebble is built for little memory. Each column below is one of them.',
    '',
    'Breakages says what broke, since when, and whose changes may have done it. Outbox has the mails that were sent about it.',
    '',
    progress === 'over'
      ? 'All stories are told. The farm goes on: sign in with the token that the terminal shows to force, cancel and pause.'
      : 'Commits land while you watch, and tell stories:',
    ...stories.map(({ title, watch }, index) => {
      if (index < current) return `✓ ${title}`;
      return index === current ? `▶ ${title}: ${watch}.` : `· ${title}`;
    }),
  ];
}

export interface DemoFacts {
  readonly url: string;
  readonly adminToken: string | null;
  readonly isSandboxed: boolean;
  readonly pauseMs: number;
  readonly canPressEnter: boolean;
}

/** What the terminal says first. */
export function terminalIntroduction(facts: DemoFacts): string[] {
  const { url, adminToken, isSandboxed, pauseMs, canPressEnter } = facts;
  const [first, ...others] = stories.map(({ scenes }) => scenes.length);
  const slow = others.reduce((sum, commits) => sum + commits, 0);
  const commits = (first ?? 0) + slow;
  const minutes = Math.max(1, Math.round((slow * pauseMs) / 60_000));
  return [
    '',
    `  Weir is up      ${url}`,
    `  Breakages       ${url}breakages`,
    `  Mails sent      ${url}outbox`,
    ...(adminToken === null ? [] : [`  Sign in with    ${adminToken}`]),
    ...(isSandboxed ? [] : ['  Sandbox         none: bubblewrap does not work here']),
    '',
    '  pebble is a small language; roman, mosaic, dice and sundial are projects in it.',
    '  Two workers test all of them: rill on platform full, brook on platform small.',
    '',
    `  ${commits} commits land in about ${minutes} min, in ${stories.length} stories:`,
    ...stories.map(({ title, watch }) => `    ${title.padEnd(24)}${watch}`),
    '',
    `  ${canPressEnter ? 'Enter lands the next commit at once. ' : ''}Ctrl-C ends it all.`,
  ];
}

function indexOf(story: Story | undefined): number {
  return story === undefined ? -1 : stories.indexOf(story);
}
