import assert from 'node:assert/strict';
import { stability } from '@weir/model';
import fc from 'fast-check';
import { describe, it } from 'mocha';

const timer = { stableForMs: 30, maxWaitMs: 100 };

describe('stability', () => {
  it('waits for the next change when there is none', () => {
    assert.deepEqual(stability([], timer, 1_000), { due: false, at: null });
  });

  it('waits until the branch was quiet for stable-for', () => {
    const changes = [{ position: 5, seenAt: 1_000 }];

    assert.deepEqual(stability(changes, timer, 1_029), { due: false, at: 1_030 });
    assert.deepEqual(stability(changes, timer, 1_030), { due: true, upTo: 5 });
  });

  it('starts anew with each change, in whatever order they come', () => {
    const changes = [
      { position: 6, seenAt: 1_020 },
      { position: 5, seenAt: 1_000 },
    ];

    assert.deepEqual(stability(changes, timer, 1_035), { due: false, at: 1_050 });
    assert.deepEqual(stability(changes, timer, 1_050), { due: true, upTo: 6 });
  });

  it('never lets a busy branch wait for longer than max-wait', () => {
    const changes = Array.from({ length: 10 }, (_, i) => ({ position: i, seenAt: 1_000 + i * 10 }));

    assert.deepEqual(stability(changes, timer, 1_099), { due: false, at: 1_100 });
    assert.deepEqual(stability(changes, timer, 1_100), { due: true, upTo: 9 });
  });

  it('does not wait for a clock that was set back', () => {
    assert.deepEqual(stability([{ position: 1, seenAt: 9_000 }], timer, 1_000), {
      due: true,
      upTo: 1,
    });
  });

  it('is due at the time that it named, and names one within max-wait', () => {
    const time = fc.integer({ min: 0, max: 10_000 });
    const changes = fc.array(fc.record({ position: fc.nat(), seenAt: time }), { minLength: 1 });
    fc.assert(
      fc.property(changes, time, time, time, (some, stableForMs, maxWaitMs, now) => {
        const limits = { stableForMs, maxWaitMs };
        const answer = stability(some, limits, now);
        if (answer.due || answer.at === null) return;

        assert.ok(answer.at > now && answer.at <= now + maxWaitMs);
        assert.ok(stability(some, limits, answer.at).due);
        assert.ok(!stability(some, limits, answer.at - 1).due);
      }),
    );
  });
});
