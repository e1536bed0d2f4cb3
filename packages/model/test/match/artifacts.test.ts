import assert from 'node:assert/strict';
import type { BuilderFacts } from '@weir/model';
import { assign, whyWaiting } from '@weir/model';
import type { ArtifactPolicy } from '@weir/protocol';
import { describe, it } from 'mocha';
import { facts, projectBuilder, request, runtimeBuilder, worker } from '../support/facts.ts';

function builders(artifacts: ArtifactPolicy): BuilderFacts[] {
  return [runtimeBuilder({ artifacts }), projectBuilder({ artifacts })];
}

const made = new Set(['1@c1']);
const bare = { kept: new Set<string>() };
const toMake = request({ id: 9, builderId: 1, projectPosition: null });

describe('a runtime that is shared', () => {
  it('is run by whoever is free, also where it failed to be built', () => {
    const workers = [worker({ id: 1, ...bare, free: 0 }), worker({ id: 2, failed: made, ...bare })];
    const over = { builders: builders('trusted'), requests: [request()], workers };

    assert.deepEqual(assign(facts({ ...over, artifacts: made })).assigned, [
      { request: 1, worker: 2 },
    ]);
    assert.deepEqual(assign(facts(over)).assigned, []);
  });

  it('is asked for once, of nobody in particular', () => {
    const requests = [1, 2, 3].map((id) => request({ id }));
    const over = {
      builders: builders('any'),
      requests,
      workers: [worker(bare), worker({ id: 2 })],
    };
    const running = [{ builderId: 1, workerId: 1, upstreamCommit: 'c1' }];
    const waiting = [...requests, { ...toMake, notBefore: Infinity }];

    assert.deepEqual(assign(facts(over)).runtimesNeeded, [
      { builder: 1, commit: 'c1', position: 1, worker: null },
    ]);
    assert.deepEqual(assign(facts({ ...over, running })).runtimesNeeded, []);
    assert.deepEqual(assign(facts({ ...over, requests: waiting })).runtimesNeeded, []);
    assert.deepEqual(assign(facts({ ...over, artifacts: made })).runtimesNeeded, []);
  });

  it('leaves those who may build the next one free, as long as others are', () => {
    const workers = [
      worker({ id: 1, trust: 'trusted', slots: 4, free: 4 }),
      worker({ id: 2, slots: 2, free: 1 }),
    ];
    const requests = [request({ id: 1 }), request({ id: 2 })];
    const artifacts = new Set(['1@c1']);
    const { assigned } = assign(
      facts({ builders: builders('trusted'), requests, workers, artifacts }),
    );

    assert.deepEqual(
      assigned.map((each) => each.worker),
      [2, 1],
    );
  });

  it('is built by a trusted worker alone, unless any may', () => {
    const workers = [worker({ id: 1 }), worker({ id: 2, trust: 'trusted', free: 1 })];
    const makers = (artifacts: ArtifactPolicy): number[] =>
      assign(facts({ builders: builders(artifacts), requests: [toMake], workers })).assigned.map(
        (assigned) => assigned.worker,
      );

    assert.deepEqual([makers('trusted'), makers('any'), makers('same-worker')], [[2], [1], [1]]);
  });

  it('is built by a worker on probation that is to prove itself by it', () => {
    const trial = { ...toMake, reason: 'probation', forWorkerId: 1 } as const;
    const workers = [worker({ trust: 'probation' })];

    const { assigned } = assign(
      facts({ builders: builders('trusted'), requests: [trial], workers }),
    );

    assert.deepEqual(assigned, [{ request: 9, worker: 1 }]);
  });

  it('goes to no agent that can not fetch it', () => {
    const over = { builders: builders('any'), requests: [request()], artifacts: made };
    const workers = [worker({ hasArtifacts: false })];

    assert.deepEqual(assign(facts({ ...over, workers })).assigned, []);
    assert.deepEqual(whyWaiting(request(), facts({ ...over, workers })), {
      reason: 'declined by policy',
      detail: "the agents of 1 matching worker can't share runtimes: start newer ones",
    });
  });

  it('says what is to be done where nobody may build it', () => {
    const round = facts({ builders: builders('trusted'), requests: [], workers: [worker(bare)] });
    const ways =
      'no matching worker is trusted to build runtimes for others: trust one, or set `artifacts` to `same-worker` or `any` in the farm file';

    assert.deepEqual(whyWaiting(toMake, round), { reason: 'no trusted builder', detail: ways });
    assert.deepEqual(whyWaiting(request(), round), {
      reason: 'no trusted builder',
      detail: `lua/main/debian at c1 is not built: ${ways}`,
    });
    const trusted = facts({
      builders: builders('trusted'),
      workers: [worker({ trust: 'trusted', ...bare })],
    });
    assert.deepEqual(whyWaiting(request(), trusted), {
      reason: 'waits for its runtime',
      detail: 'lua/main/debian at c1 is not built yet',
    });
  });
});
