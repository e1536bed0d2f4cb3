import { bucketMs, outcomeCodes } from '@weir/protocol';
import type { TestNote, TestOutcome, TestResults } from '@weir/protocol';

/** The tests of one step: a name and a result at each place. */
export interface TestList {
  /** Sorted by their UTF-16 units, each once. */
  readonly names: readonly string[];
  readonly results: TestResults;
}

/** One of them. */
export interface ListedTest {
  readonly name: string;
  readonly outcome: TestOutcome;
  /** How often it was tried, from 1. */
  readonly attempts: number;
  /** About so many milliseconds; null where the report did not say. */
  readonly durationMs: number | null;
  /** Of one that did not simply pass, where it said something. */
  readonly note: TestNote | null;
}

/** Null when there is none at that place. */
export function outcomeAt({ results }: TestList, place: number): TestOutcome | null {
  return outcomeCodes[results.outcomes[place] ?? -1] ?? null;
}

/** @throws RangeError when there is none at that place */
export function testAt(list: TestList, place: number): ListedTest {
  const { names, results } = list;
  const name = names[place];
  const outcome = outcomeAt(list, place);
  if (name === undefined || outcome === null) throw new RangeError(`no test ${place}`);
  return {
    name,
    outcome,
    attempts: results.attempts.get(place) ?? 1,
    durationMs: bucketMs(results.durations[place] ?? 0),
    note: results.notes.get(place) ?? null,
  };
}
