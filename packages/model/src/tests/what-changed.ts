import { testChangeKinds } from '@weir/protocol';
import type { TestChangeKind } from '@weir/protocol';
import type { ListedTest, TestList } from './test-list.ts';
import { testAt } from './test-list.ts';

/** One test in two builds. */
export interface TestPair {
  readonly name: string;
  /** Null: nothing to speak of. */
  readonly kind: TestChangeKind | null;
  /** Null: it was not there. */
  readonly before: ListedTest | null;
  /** Null: it is not there any more. */
  readonly after: ListedTest | null;
}
export type TestChange = TestPair & { readonly kind: TestChangeKind };

/** A test is slower when it takes so many times as long, and so much longer: one alone is chance. */
export const slowerRule = { times: 3, byMs: 1_000 } as const;

/**
 * What changed from one list of tests to another, by kind in the order of `testChangeKinds`, then by
 * name.
 */
export function whatChanged(before: TestList, after: TestList): TestChange[] {
  const changes: TestChange[] = [];
  for (const pair of compareTests(before, after)) {
    if (pair.kind !== null) changes.push({ ...pair, kind: pair.kind });
  }
  return byKind(changes);
}

/** What comes by name, by kind of change first. */
export function byKind<T extends TestPair>(pairs: readonly T[]): T[] {
  return pairs.toSorted((a, b) => kindRank(a) - kindRank(b));
}

/** The place of its kind among all kinds; behind them for a test that did not change. */
export function kindRank({ kind }: Pick<TestPair, 'kind'>): number {
  return kind === null ? testChangeKinds.length : testChangeKinds.indexOf(kind);
}

/**
 * Both lists at once, by name. A test has one change at most:
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
    const pair = {
      before: was === name ? testAt(before, b) : null,
      after: is === name ? testAt(after, a) : null,
    };
    yield { name, kind: kindOf(pair), ...pair };
    if (was === name) b += 1;
    if (is === name) a += 1;
  }
}

function kindOf({ before, after }: Pick<TestPair, 'before' | 'after'>): TestChangeKind | null {
  if (after === null) return 'vanished';
  if (after.outcome === 'failed') return before?.outcome === 'failed' ? null : 'newly-failing';
  if (before === null) return 'new';
  if (after.outcome === 'skipped') return before.outcome === 'skipped' ? null : 'newly-skipped';
  if (before.outcome === 'failed') return 'fixed';
  if (before.outcome === 'skipped') return 'unskipped';
  return isSlower(before.durationMs, after.durationMs) ? 'slower' : null;
}

function isSlower(before: number | null, after: number | null): boolean {
  if (before === null || after === null) return false;
  return after >= before * slowerRule.times && after - before >= slowerRule.byMs;
}
