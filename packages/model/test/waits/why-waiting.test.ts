import assert from 'node:assert/strict';
import { assign, type DispatchFacts, whyPending, whyWaiting } from '@weir/model';
import { type WaitReason, waitReasons } from '@weir/protocol';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { facts, now, projectBuilder, request, runtimeBuilder, worker } from '../support/facts.ts';

const ada = { by: 'ada', reason: 'too hot' };
const noGit = { until: now + 40_000, reason: 'no git' };
const shown = new Set<WaitReason>();

function testWait(
  reason: WaitReason,
  detail: string,
  over: Parameters<typeof facts>[0],
  waiting = request(),
): void {
  it(`says ${reason}: ${detail}`, () => {
    shown.add(reason);
    const round = facts({ ...over, requests: [waiting] });

    assert.deepEqual(whyWaiting(waiting, round), { reason, detail });
    assert.deepEqual(assign(round).assigned, []);
  });
}

describe('whyWaiting', () => {
  testWait('paused', 'lua/main/lume/debian is paused by ada: too hot', {
    builders: [runtimeBuilder(), projectBuilder({ paused: ada })],
    workers: [worker()],
  });
  testWait('paused', 'its builder is not in the farm file', { builders: [] });
  it('says paused where no engine is alive to give out builds', () => {
    const waiting = request();
    const round = facts({ workers: [worker()], requests: [waiting], isEngineAlive: false });

    assert.deepEqual(whyWaiting(waiting, round), {
      reason: 'paused',
      detail: 'no engine of the farm is alive',
    });
  });
  testWait('disk full', 'the farm itself is out of disk space', {
    isFarmFull: true,
    workers: [worker()],
  });
  testWait(
    'backing off',
    'infrastructure took its build; the next try is in 2 min',
    { workers: [worker()] },
    request({ notBefore: now + 90_000 }),
  );
  testWait('no worker with label', 'no worker has joined', {
    builders: [runtimeBuilder(), projectBuilder({ labels: [] })],
  });
  testWait('no worker with label', 'no worker has label musl', {
    builders: [runtimeBuilder(), projectBuilder({ labels: ['linux', 'musl'] })],
    workers: [worker()],
  });
  testWait('no worker with label', 'no worker has all of linux, musl', {
    builders: [runtimeBuilder(), projectBuilder({ labels: ['linux', 'musl'] })],
    workers: [worker(), worker({ id: 2, labels: new Set(['musl']) })],
  });
  testWait(
    'no worker with label',
    'the worker that it is meant for is gone or has other labels',
    { workers: [worker()] },
    request({ forWorkerId: 5 }),
  );
  testWait('no worker with label', '2 matching workers are offline', {
    workers: [worker({ online: false }), worker({ id: 2, online: false })],
  });
  testWait('quarantined', 'w1 is quarantined for 40 s more: no git', {
    workers: [worker({ quarantined: noGit }), worker({ id: 2, online: false })],
  });
  testWait('quarantined', '2 matching workers are quarantined, for 20 s more at least', {
    workers: [
      worker({ quarantined: noGit }),
      worker({ id: 2, quarantined: { until: now + 20_000, reason: 'no disk' } }),
    ],
  });
  testWait('paused', 'w2 is paused by ada: too hot', {
    workers: [worker({ quarantined: noGit }), worker({ id: 2, paused: ada })],
  });
  testWait('paused', '2 matching workers are paused', {
    workers: [worker({ paused: ada }), worker({ id: 2, paused: ada })],
  });
  testWait(
    'declined by policy',
    '2 matching workers declined it',
    { workers: [worker(), worker({ id: 2 })] },
    request({ declinedBy: [2, 1] }),
  );
  testWait(
    'no trusted builder',
    '1 matching worker is on probation: trust one, or add one that is trusted',
    { workers: [worker({ trust: 'probation' })] },
    request({ builderId: 1 }),
  );
  testWait('disk full', '1 matching worker is out of disk space', {
    workers: [worker({ diskFull: true })],
  });
  testWait('waits for its runtime', 'its runtime failed on 1 matching worker', {
    workers: [worker({ kept: new Set(), failed: new Set(['1@c1']) })],
  });
  testWait('waits for its runtime', 'lua/main/debian at c1 is not built yet', {
    workers: [worker({ kept: new Set() })],
  });
  testWait('waits for its runtime', 'lua/main/debian at c1 is being built', {
    workers: [worker({ kept: new Set() })],
    running: [{ builderId: 1, workerId: 1, upstreamCommit: 'c1' }],
  });
  testWait('paused', 'lua/main/debian, which makes its runtime, is paused by ada: too hot', {
    builders: [runtimeBuilder({ paused: ada }), projectBuilder()],
    workers: [worker({ kept: new Set() })],
  });
  testWait('all busy', 'all 4 slots of 2 matching workers are busy', {
    workers: [worker({ free: 0 }), worker({ id: 2, free: 0 }), worker({ id: 3, kept: new Set() })],
  });
  testWait('all busy', '1 of at most 1 build of lume run', {
    builders: [runtimeBuilder(), projectBuilder({ maxParallel: 1 })],
    workers: [worker()],
    running: [{ builderId: 2, workerId: 1, upstreamCommit: 'c0' }],
  });
  testWait(
    'all busy',
    'not on w1 again first; elsewhere all 2 slots of 1 matching worker are busy',
    { workers: [worker(), worker({ id: 2, free: 0 })] },
    request({ lostByWorkerId: 1 }),
  );
  testWait(
    'waits for its runtime',
    'not on w1 again first; elsewhere lua/main/debian at c1 is not built yet',
    { workers: [worker(), worker({ id: 2, free: 0, kept: new Set() })] },
    request({ lostByWorkerId: 1 }),
  );

  testWait(
    'waits for its runtime',
    'lua/main/debian at c1 is not built yet',
    {
      builders: [
        runtimeBuilder({ artifacts: 'trusted' }),
        projectBuilder({ artifacts: 'trusted' }),
      ],
      workers: [worker({ trust: 'trusted' }), worker({ id: 2, trust: 'trusted' })],
    },
    request({ lostByWorkerId: 1 }),
  );

  it('says so when the request is only not the first in line', () => {
    const waiting = request();

    assert.deepEqual(whyWaiting(waiting, facts({ workers: [worker()], requests: [waiting] })), {
      reason: 'all busy',
      detail: 'a slot of 1 matching worker is free; requests before it choose first',
    });
  });

  it('says no slot is free only of a request that assign leaves alone, and the reverse', () => {
    fc.assert(
      fc.property(anyRound, (round) => {
        const [waiting] = round.requests;
        if (!waiting) return;
        const { assigned } = assign(round);
        const { detail } = whyWaiting(waiting, round);

        assert.equal(detail.includes('is free'), assigned.length === 1, detail);
      }),
      { numRuns: 2_000 },
    );
  });
});

const anyWorker = fc.record({
  online: fc.boolean(),
  labels: fc.constantFrom(new Set(['linux']), new Set(['macos'])),
  free: fc.constantFrom(0, 1),
  trust: fc.constantFrom('probation' as const, 'normal' as const),
  isProbeable: fc.boolean(),
  paused: fc.constantFrom(null, null, ada),
  quarantined: fc.constantFrom(null, null, noGit),
  diskFull: fc.constantFrom(false, false, true),
  kept: fc.constantFrom(new Set<string>(), new Set(['1@c1'])),
  failed: fc.constantFrom(new Set<string>(), new Set<string>(), new Set(['1@c1'])),
});
const anyWaiting = fc.record({
  builderId: fc.constantFrom(1, 2),
  notBefore: fc.constantFrom(null, null, now, now + 1),
  forWorkerId: fc.constantFrom(null, null, 1, 9),
  lostByWorkerId: fc.constantFrom(null, 1),
  declinedBy: fc.constantFrom([], [], [1], [1, 2]),
});
const anyRound: fc.Arbitrary<DispatchFacts> = fc
  .tuple(fc.array(anyWorker, { maxLength: 3 }), anyWaiting, fc.constantFrom(null, 0, 1))
  .map(([workers, waiting, maxParallel]) =>
    facts({
      builders: [runtimeBuilder({ maxParallel }), projectBuilder({ maxParallel })],
      requests: [request(waiting)],
      workers: workers.map((over, index) => worker({ ...over, id: index + 1 })),
    }),
  );

describe('whyPending', () => {
  const timer = { stableForMs: 30_000, maxWaitMs: 600_000 };
  const branch = { name: 'lua/main', changes: [{ position: 1, seenAt: now }], timer };

  it('says stable timer of changes that are no requests yet', () => {
    const wait = whyPending(branch, now + 10_000);

    assert.deepEqual(wait, {
      reason: 'stable timer',
      detail: '1 change of lua/main: until it was quiet for 30 s, 20 s more at most',
    });
    shown.add('stable timer');
  });

  it('says nothing when there are none, or they are due', () => {
    assert.equal(whyPending({ ...branch, changes: [] }, now), null);
    assert.equal(whyPending(branch, now + 30_000), null);
  });

  it('leaves no reason of the closed list without a test', () => {
    assert.deepEqual([...shown].toSorted(), waitReasons.toSorted());
  });
});
