import assert from 'node:assert/strict';
import { assign, type WaitingRequest, type WorkerFacts } from '@weir/model';
import { describe, it } from 'mocha';
import { facts, now, projectBuilder, request, runtimeBuilder, worker } from '../support/facts.ts';

/** `REQUEST on WORKER` each, in order of urgency. */
function placed(over: Parameters<typeof facts>[0]): string[] {
  return assign(facts(over)).assigned.map((each) => `${each.request} on ${each.worker}`);
}

function testRefused(
  title: string,
  over: { request?: Partial<WaitingRequest>; worker?: Partial<WorkerFacts> },
): void {
  it(`gives nothing to ${title}`, () => {
    const answer = assign(
      facts({ requests: [request(over.request)], workers: [worker(over.worker)] }),
    );

    assert.deepEqual(answer.assigned, []);
    assert.deepEqual(answer.runtimesNeeded, []);
  });
}

describe('assign', () => {
  it('gives a request to a worker that keeps its runtime', () => {
    assert.deepEqual(placed({ requests: [request()], workers: [worker()] }), ['1 on 1']);
  });

  testRefused('a worker that lacks a label', { worker: { labels: new Set(['macos']) } });
  testRefused('a worker without a free slot', { worker: { free: 0 } });
  testRefused('a worker that is offline', { worker: { online: false } });
  testRefused('a paused worker', { worker: { paused: { by: 'ada', reason: 'lunch' } } });
  testRefused('a quarantined worker', {
    worker: { quarantined: { until: now + 1, reason: 'no git' } },
  });
  testRefused('a worker whose disk is full', { worker: { diskFull: true } });
  testRefused('a worker that declined', { request: { declinedBy: [1] } });
  testRefused('another worker than the one that is meant', { request: { forWorkerId: 2 } });
  testRefused('a request that is backing off', { request: { notBefore: now + 1 } });
  testRefused('a request of an unknown builder', { request: { builderId: 99 } });
  testRefused('a worker where the runtime failed', {
    worker: { kept: new Set(), failed: new Set(['1@c1']) },
  });
  testRefused('a worker on probation, an ordinary project request', {
    worker: { trust: 'probation' },
  });
  testRefused('a worker on probation, an ordinary runtime request', {
    request: { builderId: 1 },
    worker: { trust: 'probation' },
  });

  it('gives a request whose time has come', () => {
    const requests = [request({ notBefore: now })];

    assert.deepEqual(placed({ requests, workers: [worker()] }), ['1 on 1']);
  });

  it('gives a worker on probation what is to prove it', () => {
    const workers = [worker({ trust: 'probation' })];
    const requests = [request({ reason: 'probation', forWorkerId: 1 })];

    assert.deepEqual(placed({ requests, workers }), ['1 on 1']);
  });

  it('gives a worker on probation the runtime that it needs for itself', () => {
    const workers = [worker({ trust: 'probation', kept: new Set() })];
    const requests = [request({ builderId: 1, reason: 'runtime', forWorkerId: 1 })];

    assert.deepEqual(placed({ requests, workers }), ['1 on 1']);
  });

  it('gives a worker on probation anything while no answer is known', () => {
    const workers = [worker({ trust: 'probation', isProbeable: false })];

    assert.deepEqual(placed({ requests: [request()], workers }), ['1 on 1']);
  });

  it('gives nothing to a paused builder', () => {
    const builders = [runtimeBuilder(), projectBuilder({ paused: { by: 'ada', reason: 'flood' } })];

    assert.deepEqual(placed({ builders, requests: [request()], workers: [worker()] }), []);
  });

  it("respects a project's max-parallel over all its builders", () => {
    const builders = [
      runtimeBuilder(),
      projectBuilder({ maxParallel: 3 }),
      projectBuilder({ id: 3, platform: 'alpine', maxParallel: 3 }),
    ];
    const requests = [1, 2, 3].map((id) => request({ id, builderId: id === 2 ? 3 : 2 }));
    const running = [{ builderId: 3, workerId: 9, upstreamCommit: 'c0' }];
    const workers = [worker({ slots: 9, free: 9 })];

    assert.equal(placed({ builders, requests, workers, running }).length, 2);
  });

  it('never gives more builds to a worker than it has free slots', () => {
    const requests = Array.from({ length: 9 }, (_, i) => request({ id: i + 1 }));

    assert.deepEqual(placed({ requests, workers: [worker({ slots: 4, free: 3 })] }), [
      '1 on 1',
      '2 on 1',
      '3 on 1',
    ]);
  });

  it('spreads builds: least loaded first, then most free slots, then lowest id', () => {
    const requests = [1, 2, 3, 4].map((id) => request({ id }));
    const workers = [
      worker({ id: 1, slots: 4, free: 2 }),
      worker({ id: 3, slots: 1, free: 1 }),
      worker({ id: 2, slots: 1, free: 1 }),
      worker({ id: 4, slots: 2, free: 2 }),
    ];

    assert.deepEqual(placed({ requests, workers }), ['1 on 4', '2 on 2', '3 on 3', '4 on 1']);
  });

  describe('to a worker that lost it', () => {
    const requests = [request({ lostByWorkerId: 1 })];

    it('gives a request last of all', () => {
      assert.deepEqual(placed({ requests, workers: [worker(), worker({ id: 2, free: 1 })] }), [
        '1 on 2',
      ]);
      assert.deepEqual(placed({ requests, workers: [worker(), worker({ id: 2, free: 0 })] }), []);
    });

    it('does not give it as long as a worker elsewhere could take it', () => {
      const workers = [worker()];

      const elsewhere = [worker({ id: 2, free: 0 })];
      assert.deepEqual(placed({ requests, workers, elsewhere }), []);
      const paused = [worker({ id: 2, free: 0, paused: { by: 'a', reason: '' } })];
      assert.deepEqual(placed({ requests, workers, elsewhere: paused }), ['1 on 1']);
    });

    it('gives it where no other could take it', () => {
      const workers = [worker(), worker({ id: 2, online: false })];

      assert.deepEqual(placed({ requests, workers }), ['1 on 1']);
    });
  });

  it('does not depend on the order of what it is given', () => {
    const requests = Array.from({ length: 30 }, (_, i) =>
      request({ id: i + 1, builderId: (i % 2) + 1, createdAt: now - (i % 5) }),
    );
    const workers = [1, 2, 3, 4].map((id) => worker({ id, free: 1 + (id % 2) }));

    assert.deepEqual(
      assign(facts({ requests, workers })).assigned,
      assign(facts({ requests: requests.toReversed(), workers: workers.toReversed() })).assigned,
    );
  });
});
