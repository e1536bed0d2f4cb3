import type { Finding, Moved, NoticeKind, Result } from '@weir/protocol';
import type { Scope } from './scope.ts';

/** What a notice about a breakage tells: written down when it is told, so that every try says the same. */
export interface BreakageFacts {
  readonly id: number;
  readonly title: string;
  /** `UPSTREAM/TRUNK` */
  readonly trunk: string;
  /** Of all builders that show it. Notices of before have none: `trunk` is the only one. */
  readonly trunks?: readonly string[];
  /** For some builder its trunk has changes between the last green build and the first red one. */
  readonly haveTrunksMoved?: boolean;
  readonly moved: Moved;
  readonly openedAt: number;
  /** Null while it is open. */
  readonly closedAt: number | null;
  readonly rows: readonly BrokenRow[];
  /** Builders that show it, also those for which there was no room in `rows`. */
  readonly builders: number;
  /** The branches whose changes lie between the last green and the first red builds. */
  readonly sides: readonly Side[];
  readonly excerpt: Excerpt | null;
  /** Shell commands that run its build again, each maybe of several lines. */
  readonly reproduce: readonly string[];
}

/** One builder that shows a breakage. */
export interface BrokenRow {
  readonly builder: string;
  readonly project: string | null;
  readonly platform: string;
  /** Null: it failed outside its steps. */
  readonly step: string | null;
  readonly finding: Finding | null;
  /** What the step says of its end: `15 tests where #7 had 30: 10 % may go`. Older notices have none. */
  readonly said?: string;
  /** The red build that confirmed it. */
  readonly build: number;
  /** The green build that ended it. */
  readonly fixedBy: number | null;
}

export interface Side {
  readonly branch: string;
  /** Of the last green build. */
  readonly green: string;
  /** Of the first red build. */
  readonly red: string;
  /** Changes after the green one, up to the red one. */
  readonly count: number;
  /** The newest of them, newest first. */
  readonly changes: readonly ChangeLine[];
}

export interface ChangeLine {
  readonly id: number;
  readonly commit: string;
  readonly author: string;
  readonly subject: string;
}

/** What the failing step said last. */
export interface Excerpt {
  readonly builder: string;
  readonly step: string;
  readonly log: number;
  readonly lines: readonly string[];
}

/** What a notice about a worker tells. */
export interface WorkerNews {
  readonly worker: string;
  readonly at: number;
  /** What happened, in one or two sentences; may be empty. */
  readonly text: string;
  /** The build that shows it. */
  readonly build: number | null;
  /** Builds that infrastructure took there, newest first; only where that is the news. */
  readonly taken?: readonly TakenLine[];
}

export interface TakenLine {
  readonly build: number;
  readonly builder: string;
  readonly number: number;
  readonly result: Result;
  readonly text: string;
}

/** What a mail that asks for a confirmation tells. */
export interface ConfirmationFacts {
  readonly subscription: number;
  readonly scope: Scope;
}

export type NoticeContent =
  | { readonly kind: 'breakage-opened'; readonly facts: BreakageFacts }
  | { readonly kind: 'breakage-grew'; readonly facts: BreakageFacts }
  | { readonly kind: 'breakage-fixed'; readonly facts: BreakageFacts }
  | { readonly kind: WorkerNoticeKind; readonly facts: WorkerNews }
  | { readonly kind: 'confirmation'; readonly facts: ConfirmationFacts };

export const workerNoticeKinds = [
  'worker-accepted',
  'worker-promoted',
  'worker-missing',
  'worker-back',
  'worker-disagreed',
  'worker-quarantined',
  'worker-recovered',
] as const satisfies readonly NoticeKind[];
export type WorkerNoticeKind = (typeof workerNoticeKinds)[number];

/** The good news that ends a bad one: it goes to those who heard the bad one, in the same thread. */
export const badNewsEndedBy: Readonly<Partial<Record<WorkerNoticeKind, WorkerNoticeKind>>> = {
  'worker-back': 'worker-missing',
  'worker-recovered': 'worker-quarantined',
};
