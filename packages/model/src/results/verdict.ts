import type { Result, Verdict } from '@weir/protocol';
import { isConclusive } from './results.ts';

/**
 * A builder's verdict after one more build, in the order in which its builds end.
 *
 * | before                 | success, warnings | failure     | any other result |
 * | ---------------------- | ----------------- | ----------- | ---------------- |
 * | `green`, `red`         | green             | red         | as before        |
 * | `unknown`, `never green` | green           | never green | as before        |
 */
export function nextVerdict(previous: Verdict, result: Result): Verdict {
  if (!isConclusive(result)) return previous;
  if (result !== 'failure') return 'green';
  return previous === 'green' || previous === 'red' ? 'red' : 'never green';
}

/** How much the newest green build counts in the mean. */
const newestShare = 0.3;

/** How long a green build of a builder usually takes, after one more: a moving mean in milliseconds. */
export function nextUsualMs(usual: number | null, ms: number): number {
  const mean = usual === null ? ms : usual * (1 - newestShare) + ms * newestShare;
  return Math.max(0, Math.round(mean));
}
