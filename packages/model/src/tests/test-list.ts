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

/** @throws RangeError when there is none at that place */
export function testAt({ names, results }: TestList, place: number): ListedTest {
  const name = names[place];
  const outcome = outcomeCodes[results.outcomes[place] ?? -1];
  if (name === undefined || outcome === undefined) throw new RangeError(`no test ${place}`);
  return {
    name,
    outcome,
    attempts: results.attempts.get(place) ?? 1,
    durationMs: bucketMs(results.durations[place] ?? 0),
    note: results.notes.get(place) ?? null,
  };
}
