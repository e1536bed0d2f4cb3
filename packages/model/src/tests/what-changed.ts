import { bucketMs } from '@weir/protocol';
import type { TestChangeKind } from '@weir/protocol';
import type { TestList } from './test-list.ts';
import { outcomeAt } from './test-list.ts';

/** One test in two builds. */
export interface TestPair {
  readonly name: string;
  /** Null: nothing to speak of. */
  readonly kind: TestChangeKind | null;
  /** Its place in the list before; null: it was not there. */
  readonly before: number | null;
  /** Its place in the list after; null: it is not there any more. */
  readonly after: number | null;
}

/** A test is slower when it takes so many times as long, and so much longer: one alone is chance. */
export const slowerRule = { times: 3, byMs: 1_000 } as const;

/**
 * What changed from one list of tests to another: both at once, by name. A test has one change at most:
 *
 * | before \ after | failed        | skipped       | any other outcome | not there |
 * | -------------- | ------------- | ------------- | ----------------- | --------- |
 * | failed         |               | newly skipped | fixed             | vanished  |
 * | skipped        | newly failing |               | unskipped         | vanished  |
 * | any other      | newly failing | newly skipped | slower, maybe     | vanished  |
 * | not there      | newly failing | new           | new               |           |
 *
 * Expected failures and unexpected passes are other outcomes.
 */
export function* compareTests(before: TestList, after: TestList): Generator<TestPair> {
  let [b, a] = [0, 0];
  for (;;) {
    const [was, is] = [before.names[b], after.names[a]];
    const name = was === undefined || (is !== undefined && is < was) ? is : was;
    if (name === undefined) return;
    const pair = { before: was === name ? b : null, after: is === name ? a : null };
    yield { name, kind: kindOf(before, after, pair), ...pair };
    if (was === name) b += 1;
    if (is === name) a += 1;
  }
}

function kindOf(
  before: TestList,
  after: TestList,
  { before: b, after: a }: Pick<TestPair, 'before' | 'after'>,
): TestChangeKind | null {
  if (a === null) return 'vanished';
  const was = b === null ? null : outcomeAt(before, b);
  const is = outcomeAt(after, a);
  if (is === 'failed') return was === 'failed' ? null : 'newly-failing';
  if (b === null) return 'new';
  if (is === 'skipped') return was === 'skipped' ? null : 'newly-skipped';
  if (was === 'failed') return 'fixed';
  if (was === 'skipped') return 'unskipped';
  return isSlower(before.results.durations[b] ?? 0, after.results.durations[a] ?? 0)
    ? 'slower'
    : null;
}

/** @param before, after as `durationBucket` makes them */
function isSlower(before: number, after: number): boolean {
  // Most take as long as they did, and are told by that alone.
  if (before === 0 || after <= before) return false;
  const [was, is] = [bucketMs(before) ?? 0, bucketMs(after) ?? 0];
  return is >= was * slowerRule.times && is - was >= slowerRule.byMs;
}
