import assert from 'node:assert/strict';
import { testOutcomes } from '@weir/protocol';
import type { TestChangeKind } from '@weir/protocol';
import * as fc from 'fast-check';
import { describe, it } from 'mocha';
import type { TestList } from '../../src/tests/test-list.ts';
import type { TestPair } from '../../src/tests/what-changed.ts';
import { compareTests } from '../../src/tests/what-changed.ts';
import { testList } from '../support/test-lists.ts';
import type { GivenTest } from '../support/test-lists.ts';

type Given = GivenTest['outcome'] | GivenTest | null;

describe('what changed between two builds', () => {
  const cases: readonly (readonly [Given, Given, TestChangeKind | null])[] = [
    ['passed', 'passed', null],
    ['passed', 'failed', 'newly-failing'],
    ['skipped', 'failed', 'newly-failing'],
    [null, 'failed', 'newly-failing'],
    ['failed', 'failed', null],
    ['failed', 'passed', 'fixed'],
    ['failed', 'expected-failure', 'fixed'],
    ['failed', 'skipped', 'newly-skipped'],
    ['passed', 'skipped', 'newly-skipped'],
    ['skipped', 'skipped', null],
    ['skipped', 'passed', 'unskipped'],
    ['passed', null, 'vanished'],
    ['failed', null, 'vanished'],
    [null, 'passed', 'new'],
    [null, 'skipped', 'new'],
    ['passed', 'expected-failure', null],
    ['expected-failure', 'unexpected-pass', null],
    [{ outcome: 'passed', ms: 1_000 }, { outcome: 'passed', ms: 4_000 }, 'slower'],
    [{ outcome: 'passed', ms: 1_000 }, { outcome: 'passed', ms: 2_000 }, null],
    [{ outcome: 'passed', ms: 10 }, { outcome: 'passed', ms: 900 }, null],
    [{ outcome: 'passed', ms: 4_000 }, { outcome: 'passed', ms: 1_000 }, null],
    [{ outcome: 'passed' }, { outcome: 'passed', ms: 60_000 }, null],
    [{ outcome: 'passed', ms: 1_000 }, { outcome: 'failed', ms: 9_000 }, 'newly-failing'],
  ];
  for (const [before, after, kind] of cases) {
    it(`${words(before)}, then ${words(after)}: ${kind ?? 'nothing'}`, () => {
      const lists = [before, after].map((test) => testList(test === null ? {} : { test }));

      const changes = changesOf(lists[0] ?? testList({}), lists[1] ?? testList({}));

      assert.deepEqual(
        changes.map((change) => [change.kind, change.name]),
        kind === null ? [] : [[kind, 'test']],
      );
    });
  }

  const suite = fc
    .dictionary(fc.stringMatching(/^[a-f]{1,2}$/), fc.constantFrom(...testOutcomes), {
      maxKeys: 30,
    })
    .map(testList);

  it('is in order, and names each test once', () => {
    fc.assert(
      fc.property(suite, suite, (before, after) => {
        const names = [...compareTests(before, after)].map(({ name }) => name);

        assert.deepEqual(names, [...new Set([...before.names, ...after.names])].toSorted());
      }),
    );
  });

  it('names just the tests that came, went, or are other than they were', () => {
    fc.assert(
      fc.property(suite, suite, (before, after) => {
        const changes = new Map(changesOf(before, after).map((change) => [change.name, change]));

        for (const name of new Set([...before.names, ...after.names])) {
          const change = changes.get(name);
          const [was, is] = [before.names.includes(name), after.names.includes(name)];
          if (was !== is) assert.equal((change?.before ?? null) !== null, was);
          if (was !== is) assert.equal((change?.after ?? null) !== null, is);
        }
        assert.deepEqual(changesOf(after, after), []);
      }),
    );
  });
});

function changesOf(before: TestList, after: TestList): TestPair[] {
  return [...compareTests(before, after)].filter(({ kind }) => kind !== null);
}

function words(test: Given): string {
  if (test === null) return 'not there';
  return typeof test === 'string' ? test : `${test.outcome} in ${test.ms ?? 'unknown'} ms`;
}
