import { testPattern } from '@weir/protocol';
import type { ExpectedFailure, SeenExpectation, TestOutcome } from '@weir/protocol';

interface Expectation {
  readonly expected: ExpectedFailure;
  readonly matches: (name: string) => boolean;
  failed: number;
  passed: number;
}

/** What a project knows to fail, held against the tests as they come. */
export class Expectations {
  readonly #all: readonly Expectation[];

  constructor(expected: readonly ExpectedFailure[]) {
    this.#all = expected.map((each) => {
      return { expected: each, matches: testPattern(each.test), failed: 0, passed: 0 };
    });
  }

  /** A test's outcome as the project sees it: a failure that it knows of is an expected one. */
  outcomeOf(name: string, outcome: TestOutcome): TestOutcome {
    if (outcome !== 'failed' && outcome !== 'passed') return outcome;
    const known = this.#all.find(({ matches }) => matches(name));
    if (known === undefined) return outcome;
    known[outcome] += 1;
    return outcome === 'failed' ? 'expected-failure' : outcome;
  }

  /** Those of which a test ran, with how many failed and passed. */
  get seen(): SeenExpectation[] {
    return this.#all
      .filter(({ failed, passed }) => failed + passed > 0)
      .map(({ expected, failed, passed }) => ({ ...expected, failed, passed }));
  }
}
