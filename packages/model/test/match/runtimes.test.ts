import assert from 'node:assert/strict';
import { assign, blockedByRuntime, runtimeVerdict, type WorkerFacts } from '@weir/model';
import { describe, it } from 'mocha';
import { facts, projectBuilder, request, runtimeBuilder, worker } from '../support/facts.ts';

/** A worker that keeps no runtime. */
const bare = (id: number, over: Partial<WorkerFacts> = {}) =>
  worker({ id, kept: new Set(), ...over });
const runtimeRequest = (over: Parameters<typeof request>[0] = {}) =>
  request({ id: 90, builderId: 1, projectPosition: null, ...over });
const requests = [1, 2, 3].map((id) => request({ id }));

/** The workers that are asked to make the runtime of builder 1 at `c1`. */
function makers(over: Parameters<typeof facts>[0]): (number | null)[] {
  return assign(facts({ requests, ...over })).runtimesNeeded.map((needed) => {
    assert.deepEqual(
      { ...needed, worker: 0 },
      { builder: 1, commit: 'c1', position: 1, worker: 0 },
    );
    return needed.worker;
  });
}

describe('the runtime of a project request', () => {
  it('is asked of as many workers as have slots for what waits', () => {
    assert.deepEqual(makers({ workers: [bare(1), bare(2), bare(3)] }), [1, 2]);
  });

  it('is not asked of a worker that may build with it at once', () => {
    assert.deepEqual(makers({ workers: [worker({ id: 1, free: 2 }), bare(2)] }), [2]);
    assert.deepEqual(makers({ workers: [worker({ id: 1, slots: 3, free: 3 }), bare(2)] }), []);
  });

  it('is asked of others where all that keep it are busy', () => {
    assert.deepEqual(makers({ workers: [worker({ id: 1, free: 0 }), bare(2)] }), [2]);
  });

  it('is not asked for while a request waits that any worker may take', () => {
    const builders = [runtimeBuilder({ paused: { by: 'ada', reason: 'x' } }), projectBuilder()];

    assert.deepEqual(
      makers({
        requests: [...requests, runtimeRequest({ notBefore: Infinity })],
        workers: [bare(1)],
      }),
      [],
    );
    assert.deepEqual(makers({ builders, workers: [bare(1)] }), []);
  });

  it('is asked of further workers once that request has found its own', () => {
    const answer = assign(
      facts({ requests: [...requests, runtimeRequest()], workers: [bare(1), bare(2), bare(3)] }),
    );

    assert.deepEqual(answer.assigned, [{ request: 90, worker: 1 }]);
    assert.deepEqual(
      answer.runtimesNeeded.map((needed) => needed.worker),
      [2],
    );
  });

  it('is not asked twice of a worker where it is to come', () => {
    const workers = [bare(1), bare(2)];
    const running = [{ builderId: 1, workerId: 1, upstreamCommit: 'c1' }];
    const pinned = runtimeRequest({ reason: 'runtime', forWorkerId: 2, notBefore: Infinity });

    assert.deepEqual(makers({ workers, running }), [2]);
    assert.deepEqual(makers({ workers, running, requests: [...requests, pinned] }), []);
    assert.deepEqual(makers({ workers: [bare(1)], running }), []);
  });

  it('does not count on workers that went away', () => {
    const pinned = runtimeRequest({ reason: 'runtime', forWorkerId: 1 });

    assert.deepEqual(
      makers({
        requests: [...requests, pinned],
        workers: [bare(1, { online: false, slots: 9 }), bare(2), bare(3)],
      }),
      [2, 3],
    );
  });

  it("is held back by its upstream's max-parallel", () => {
    const builders = [runtimeBuilder({ maxParallel: 1 }), projectBuilder()];
    const workers = [bare(1), bare(2), bare(3)];
    const running = [{ builderId: 1, workerId: 9, upstreamCommit: 'c0' }];

    assert.deepEqual(makers({ builders, workers }), [1]);
    assert.deepEqual(makers({ builders, workers, running }), []);
  });

  it('is not asked of a worker where it failed', () => {
    assert.deepEqual(makers({ workers: [bare(1, { failed: new Set(['1@c1']) }), bare(2)] }), [2]);
  });

  it('keeps the slot that it was promised', () => {
    const builders = [
      runtimeBuilder(),
      projectBuilder({ tier: 1 }),
      projectBuilder({ id: 3, project: 'other', tier: 2 }),
    ];
    const other = request({ id: 4, builderId: 3, upstreamCommit: 'c0' });
    const workers = [bare(1, { slots: 1, free: 1, kept: new Set(['1@c0']) })];

    const answer = assign(facts({ builders, requests: [requests[0] ?? other, other], workers }));

    assert.deepEqual(answer.assigned, []);
    assert.equal(answer.runtimesNeeded.length, 1);
  });
});

describe('runtimeVerdict', () => {
  it('is built when one build of it ended well, whatever became of others', () => {
    assert.equal(runtimeVerdict({ isComing: true, results: ['failure', 'success'] }), 'built');
    assert.equal(runtimeVerdict({ isComing: false, results: ['warnings', 'lost'] }), 'built');
  });

  it('is coming as long as something may yet build it', () => {
    assert.equal(runtimeVerdict({ isComing: true, results: ['failure'] }), 'coming');
  });

  it('failed when builds ended, none of them well', () => {
    assert.equal(runtimeVerdict({ isComing: false, results: ['failure', 'lost'] }), 'failed');
    assert.equal(runtimeVerdict({ isComing: false, results: ['cancelled'] }), 'failed');
  });

  it('is absent when nobody tried', () => {
    assert.equal(runtimeVerdict({ isComing: false, results: [] }), 'absent');
  });
});

describe('blockedByRuntime', () => {
  const { builders } = facts();
  const failed = { isComing: false, results: ['failure'] } as const;

  it('ends the project requests whose runtime failed, and no others', () => {
    const waiting = [
      request({ id: 5 }),
      request({ id: 4 }),
      request({ id: 6, upstreamCommit: 'c2' }),
      runtimeRequest({ id: 7 }),
      request({ id: 8, builderId: 99 }),
    ];

    assert.deepEqual(blockedByRuntime(waiting, builders, new Map([['1@c1', failed]])), [
      { request: 4, result: 'skipped', finding: 'runtime-failed' },
      { request: 5, result: 'skipped', finding: 'runtime-failed' },
    ]);
  });

  it('ends none while the runtime may come', () => {
    const coming = new Map([['1@c1', { ...failed, isComing: true }]]);

    assert.deepEqual(blockedByRuntime([request()], builders, coming), []);
  });
});
