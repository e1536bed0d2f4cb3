import type { Wait } from '@weir/protocol';
import { type StableTimer, stability, type UnscheduledChange } from '../schedule/stability.ts';
import { count, durationInWords } from './in-words.ts';

/** A followed branch with the changes that no request covers yet. */
export interface PendingBranch {
  readonly name: string;
  readonly changes: readonly UnscheduledChange[];
  readonly timer: StableTimer;
}

/** Why a branch's changes are no requests yet; null when there are none or they are due. */
export function whyPending({ name, changes, timer }: PendingBranch, now: number): Wait | null {
  const answer = stability(changes, timer, now);
  if (answer.due || answer.at === null) return null;
  const quiet = durationInWords(timer.stableForMs);
  const left = durationInWords(answer.at - now);
  return {
    reason: 'stable timer',
    detail: `${count(changes.length, 'change')} of ${name}: until it was quiet for ${quiet}, ${left} more at most`,
  };
}
