import assert from 'node:assert/strict';
import { superseded, type WaitingRequest } from '@weir/model';
import type { RequestReason } from '@weir/protocol';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { projectBuilder, request, runtimeBuilder } from '../support/facts.ts';

const builders = new Map([
  [1, runtimeBuilder()],
  [2, projectBuilder()],
  [3, projectBuilder({ id: 3, project: 'other' })],
]);
const upstreamAt = (id: number, position: number, over: Partial<WaitingRequest> = {}) =>
  request({ id, upstreamPosition: position, upstreamCommit: `c${position}`, ...over });

describe('superseded', () => {
  it('collapses the requests of a builder into the newest', () => {
    const waiting = [upstreamAt(1, 1), upstreamAt(2, 3), upstreamAt(3, 2)];

    assert.deepEqual(superseded(waiting, builders), [
      { request: 1, by: 2 },
      { request: 3, by: 2 },
    ]);
  });

  it('goes by trunk position, then project position, then id', () => {
    const waiting = [
      upstreamAt(1, 2, { projectPosition: 5 }),
      upstreamAt(2, 2, { projectPosition: 4 }),
      upstreamAt(3, 1, { projectPosition: 9 }),
      upstreamAt(4, 2, { projectPosition: 5 }),
    ];

    assert.deepEqual(
      superseded(waiting, builders).map(({ by }) => by),
      [4, 4, 4],
    );
  });

  it('leaves builders to themselves', () => {
    assert.deepEqual(
      superseded([upstreamAt(1, 1), upstreamAt(2, 2, { builderId: 3 })], builders),
      [],
    );
  });

  for (const reason of ['forced', 'again'] as const) {
    it(`lets a request that is ${reason} neither collapse nor supersede`, () => {
      const waiting = [
        upstreamAt(1, 1, { reason }),
        upstreamAt(2, 2),
        upstreamAt(3, 3, { reason }),
      ];

      assert.deepEqual(superseded(waiting, builders), []);
    });
  }

  it('keeps the runtime that a forced project request needs', () => {
    const waiting = [
      upstreamAt(1, 1, { builderId: 1 }),
      upstreamAt(2, 2, { builderId: 1 }),
      upstreamAt(3, 1, { reason: 'forced' }),
    ];

    assert.deepEqual(superseded(waiting, builders), []);
    assert.deepEqual(superseded(waiting.slice(0, 2), builders), [{ request: 1, by: 2 }]);
  });

  it('keeps runtimes for different workers apart', () => {
    const pinned = { builderId: 1, reason: 'runtime' } as const;
    const waiting = [
      upstreamAt(1, 1, { ...pinned, forWorkerId: 7 }),
      upstreamAt(2, 2, { ...pinned, forWorkerId: 8 }),
      upstreamAt(3, 2, { ...pinned, forWorkerId: 7 }),
      upstreamAt(4, 3, { builderId: 1 }),
    ];

    assert.deepEqual(superseded(waiting, builders), [{ request: 1, by: 3 }]);
  });

  it('needs one pass, and leaves each covered request to one that stays', () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 20 }), (some) => {
        const waiting = some.map((each, index) => ({ ...each, id: index + 1 }));
        const gone = superseded(waiting, builders);
        const left = waiting.filter(({ id }) => !gone.some((each) => each.request === id));

        assert.deepEqual(superseded(left, builders), []);
        assert.ok(gone.every(({ by }) => left.some(({ id }) => id === by)));
        assert.deepEqual(superseded(waiting.toReversed(), builders), gone);
      }),
    );
  });
});

const anyRequest = fc
  .record({
    builderId: fc.constantFrom(1, 2, 3),
    reason: fc.constantFrom<RequestReason>('trunk', 'project', 'forced', 'again'),
    upstreamPosition: fc.integer({ min: 1, max: 3 }),
    projectPosition: fc.constantFrom(null, 1, 2),
  })
  .map((over) => request({ ...over, upstreamCommit: `c${over.upstreamPosition}` }));
