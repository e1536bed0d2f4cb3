import type { Trial } from '@weir/model';
import type { Session } from '../workers/session.ts';
import type { StepOutcome } from './judge-steps.ts';

/** What the engine holds in memory of a build that has not finished: a copy, but for the order of its frames. */
export interface LiveBuild {
  readonly id: number;
  readonly number: number;
  readonly builderId: number;
  readonly requestId: number;
  readonly workerId: number;
  readonly upstreamCommit: string;
  readonly startedAt: number;
  /** How it counts for its worker, if that is on probation. */
  readonly trial: Trial | null;
  readonly steps: number;
  /** Log ids by step. */
  readonly logs: readonly number[];
  /** The log file that holds them. */
  readonly file: string;
  epoch: number;
  /** Journal entries up to this number are stored. */
  entries: number;
  /** Of the steps that have finished. */
  outcomes: readonly StepOutcome[];
  /** The link that it is reported over; none while the worker is out of reach. */
  session: Session | undefined;
  /**
   * Whether the worker has it: accepted and started, or offered. After a restart of the master an
   * offer may have been taken all the same: the worker's hello says so.
   */
  state: 'offered' | 'started';
  /** Its lease ran out: it runs where nobody hears of it. */
  isDetached: boolean;
  /** It was given up before it came back: what there is of it is stored, its result stays. */
  readonly isLate: boolean;
  /** A log was asked for again: the journal after it was dropped, and comes once more. */
  isRewinding: boolean;
  /** How often the end of a log was refused at the same place, by step: the last place, and how often. */
  readonly unfinished: Map<number, { readonly offset: number; readonly times: number }>;
  /** Steps of which something was dropped for want of room; their worker is asked for it again. */
  readonly heldBack: Set<number>;
  /** Why a person wants it ended. */
  cancelReason: string | null;
  /** The next sequence number on this link, by step. */
  readonly sequences: Map<number, number>;
  /** Log bytes received and not stored yet. */
  unstored: number;
  /** Journal messages received and not applied yet. */
  unapplied: number;
  /** Its journal messages are applied one after another. */
  tail: Promise<void>;
}

/** The part of a live build that is memory alone: of a link that has brought nothing yet. */
export function nothingReceived(): Pick<
  LiveBuild,
  'isRewinding' | 'unfinished' | 'heldBack' | 'sequences' | 'unstored' | 'unapplied' | 'tail'
> {
  return {
    isRewinding: false,
    unfinished: new Map(),
    heldBack: new Set(),
    sequences: new Map(),
    unstored: 0,
    unapplied: 0,
    tail: Promise.resolve(),
  };
}
