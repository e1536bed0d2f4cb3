import assert from 'node:assert/strict';
import { assign, type BuilderFacts, type WaitingRequest } from '@weir/model';
import type { Tier } from '@weir/protocol';
import { describe, it } from 'mocha';
import { facts, now, projectBuilder, request, runtimeBuilder, worker } from '../support/facts.ts';

/** The ids of the requests in the order in which they get one of `free` slots. */
function order(
  requests: readonly WaitingRequest[],
  builders: readonly BuilderFacts[],
  { free = 100, slotSeconds = {} }: { free?: number; slotSeconds?: Record<string, number> } = {},
): number[] {
  const round = facts({
    builders: [runtimeBuilder(), ...builders],
    requests,
    workers: [worker({ slots: 100, free })],
    slotSeconds: new Map(Object.entries(slotSeconds)),
  });
  return assign(round).assigned.map((each) => each.request);
}

/** Builder and request of the same id, of a project `pID`. */
const builder = (id: number, over: Partial<BuilderFacts> = {}) =>
  projectBuilder({ id, project: `p${id}`, ...over });
const ask = (id: number, over: Partial<WaitingRequest> = {}) =>
  request({ id, builderId: id, ...over });

describe('the order of urgency', () => {
  it('puts runtimes first, whatever their tier', () => {
    const builders = [
      builder(2, { tier: 1 }),
      runtimeBuilder({ id: 3, runtimeBuilderId: 3, tier: 3 }),
    ];

    assert.deepEqual(order([ask(2), ask(3)], builders), [3, 2]);
  });

  it('goes by tier, and forced first within a tier', () => {
    const tiers: Tier[] = [3, 2, 2, 1];
    const builders = tiers.map((tier, index) => builder(index + 2, { tier }));
    const requests = [ask(2, { reason: 'forced' }), ask(3), ask(4, { reason: 'again' }), ask(5)];

    assert.deepEqual(order(requests, builders), [5, 4, 3, 2]);
  });

  it('prefers what is short where nothing ever broke', () => {
    const builders = [
      builder(2, { lastDurationMs: null }),
      builder(3, { lastDurationMs: 50_000 }),
      builder(4, { lastDurationMs: 3_600_000 }),
      builder(5, { lastDurationMs: 100_000 }),
    ];

    assert.deepEqual(order([ask(2), ask(3), ask(4), ask(5)], builders), [3, 5, 2, 4]);
  });

  it('prefers what broke more often for the time that it takes', () => {
    const builders = [
      builder(2, { lastDurationMs: 60_000, breakages: 1 }),
      builder(3, { lastDurationMs: 60_000, breakages: 9 }),
      builder(4, { lastDurationMs: 3_600_000, breakages: 9 }),
      builder(5, { lastDurationMs: 60_000 }),
    ];

    assert.deepEqual(order([ask(2), ask(3), ask(4), ask(5)], builders), [3, 2, 5, 4]);
  });

  it('prefers what was not built for long, so that nothing waits for ever', () => {
    const hoursAgo = (hours: number): number => now - hours * 3_600_000;
    const builders = [
      builder(2, { breakages: 9, lastFinishedAt: hoursAgo(1) }),
      builder(3, { breakages: 0, lastFinishedAt: hoursAgo(40) }),
      builder(4, { breakages: 0, lastFinishedAt: hoursAgo(1) }),
    ];
    const requests = [ask(2), ask(3), ask(4)].map((each) => ({ ...each, createdAt: now }));

    assert.deepEqual(order(requests, builders), [3, 2, 4]);
  });

  it('prefers who used less in the last hour among those that tell as much', () => {
    const builders = [builder(2), builder(3), builder(4, { breakages: 9 })];
    const requests = [ask(2), ask(3), ask(4)];
    const slotSeconds = { 'project:p2': 2, 'project:p3': 1, 'project:p4': 9_999 };

    assert.deepEqual(order(requests, builders, { slotSeconds }), [4, 3, 2]);
  });

  it('charges what it places, so that one project cannot take all', () => {
    const heavy = builder(2, { lastDurationMs: 31_000 });
    const requests = [
      ...[11, 12, 13, 14].map((id) => request({ id, builderId: 2 })),
      ...[21, 22].map((id) => request({ id, builderId: 3 })),
    ];

    assert.deepEqual(order(requests, [heavy, builder(3)], { free: 4 }), [11, 21, 22, 12]);
  });

  it('takes turns where projects are alike', () => {
    const requests = [11, 12, 13, 21, 22, 23].map((id) =>
      request({ id, builderId: Math.floor(id / 10) + 1 }),
    );

    assert.deepEqual(order(requests, [builder(2), builder(3)]), [11, 21, 12, 22, 13, 23]);
  });

  it('goes by age, then by id, at last', () => {
    const requests = [
      request({ id: 7 }),
      request({ id: 3 }),
      request({ id: 9, createdAt: now - 1 }),
    ];

    assert.deepEqual(order(requests, [builder(2)]), [9, 3, 7]);
  });
});
