import type { ListedTest, TestList } from './test-list.ts';
import { testAt } from './test-list.ts';

/** How a test may differ between two builds: what matters most comes first. */
export const testChangeKinds = [
  'newly-failing',
  'vanished',
  'newly-skipped',
  'slower',
  'fixed',
  'unskipped',
  'new',
] as const;
export type TestChangeKind = (typeof testChangeKinds)[number];

export interface TestChange {
  readonly kind: TestChangeKind;
  readonly name: string;
  /** Null: it was not there. */
  readonly before: ListedTest | null;
  /** Null: it is not there any more. */
  readonly after: ListedTest | null;
}

/** A test is slower when it takes so many times as long, and so much longer: one alone is chance. */
export const slowerRule = { times: 3, byMs: 1_000 } as const;

/**
 * What changed from one list of tests to another, by kind in the order of `testChangeKinds`, then by
 * name. A test has one change at most:
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
export function whatChanged(before: TestList, after: TestList): TestChange[] {
  const changes: TestChange[] = [];
  for (const [was, is] of pairs(before, after)) {
    const kind = kindOf(was, is);
    const name = (is ?? was)?.name;
    if (kind !== null && name !== undefined) changes.push({ kind, name, before: was, after: is });
  }
  // By name they are in order already, and sorting keeps that.
  const rank = new Map(testChangeKinds.map((kind, index) => [kind, index]));
  return changes.toSorted((a, b) => (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0));
}

/** Both lists at once, by name. */
function* pairs(
  before: TestList,
  after: TestList,
): Generator<readonly [ListedTest | null, ListedTest | null]> {
  let [b, a] = [0, 0];
  for (;;) {
    const [was, is] = [before.names[b], after.names[a]];
    if (was === undefined && is === undefined) return;
    const isGone = is === undefined || (was !== undefined && was < is);
    const isNew = was === undefined || (is !== undefined && is < was);
    yield [isNew ? null : testAt(before, b), isGone ? null : testAt(after, a)];
    if (!isNew) b += 1;
    if (!isGone) a += 1;
  }
}

function kindOf(before: ListedTest | null, after: ListedTest | null): TestChangeKind | null {
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
