import { durationBucket, outcomeCodes } from '@weir/protocol';
import type { TestOutcome } from '@weir/protocol';
import type { TestList } from '../../src/tests/test-list.ts';

export interface GivenTest {
  readonly outcome: TestOutcome;
  readonly ms?: number;
}

/** A list of tests as its encoded form would give it. */
export function testList(tests: Readonly<Record<string, TestOutcome | GivenTest>>): TestList {
  const names = Object.keys(tests).toSorted();
  const given = names.map((name): GivenTest => {
    const test = tests[name] ?? 'passed';
    return typeof test === 'string' ? { outcome: test } : test;
  });
  return {
    names,
    results: {
      outcomes: Uint8Array.from(given, ({ outcome }) => outcomeCodes.indexOf(outcome)),
      durations: Uint8Array.from(given, ({ ms }) => durationBucket(ms)),
      attempts: new Map(),
      notes: new Map(),
    },
  };
}
