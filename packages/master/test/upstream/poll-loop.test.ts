import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { PollLoop } from '../../src/upstream/poll-loop.ts';

const intervalMs = 1_000;

describe('a poll loop', () => {
  /** Answers that questions wait for, the oldest first. */
  let asked: PromiseWithResolvers<boolean>[];
  let everyMs: number | null;
  let loop: PollLoop;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(Math, 'random', () => 0.5);
    asked = [];
    everyMs = intervalMs;
    loop = new PollLoop(
      () => {
        const question = Promise.withResolvers<boolean>();
        asked.push(question);
        return question.promise;
      },
      () => everyMs,
    );
  });
  afterEach(() => {
    mock.timers.reset();
    mock.restoreAll();
  });

  /** Answers the question under way, and lets the loop take notice. */
  async function answer(isGood = true): Promise<void> {
    asked.at(-1)?.resolve(isGood);
    await new Promise(setImmediate);
  }

  it('asks again an interval after the answer', async () => {
    void loop.poll();
    mock.timers.tick(10 * intervalMs);
    assert.equal(asked.length, 1, 'not while a question is under way');

    await answer();
    mock.timers.tick(intervalMs - 1);
    assert.equal(asked.length, 1);
    mock.timers.tick(1);
    assert.equal(asked.length, 2);
  });

  it('shares one more question among all who come while one is under way', async () => {
    const first = loop.poll();
    const others = [loop.poll(), loop.poll(), loop.poll()];
    await answer();
    await first;
    const late = loop.poll();
    assert.equal(asked.length, 2);

    await answer();
    await Promise.all(others);
    assert.equal(asked.length, 3, 'whoever came during the second one has a third');
    await answer();
    await late;
    mock.timers.tick(intervalMs - 1);
    assert.equal(asked.length, 3);
  });

  it('waits twice as long after each failure in a row, up to 16 intervals', async () => {
    void loop.poll();
    for (const intervals of [2, 4, 8, 16, 16]) {
      const before = asked.length;
      await answer(false);

      mock.timers.tick(intervals * intervalMs - 1);
      assert.equal(asked.length, before);
      mock.timers.tick(1);
      assert.equal(asked.length, before + 1);
    }

    const before = asked.length;
    await answer(true);
    mock.timers.tick(intervalMs);
    assert.equal(asked.length, before + 1);
  });

  it('spreads the questions by a tenth of the interval', async () => {
    mock.method(Math, 'random', () => 0);
    void loop.poll();
    await answer();

    mock.timers.tick(0.9 * intervalMs);
    assert.equal(asked.length, 2);
  });

  it('asks at once when told to, whatever it waits for', async () => {
    void loop.poll();
    await answer(false);

    void loop.poll();

    assert.equal(asked.length, 2);
  });

  it('does not ask without a pause when the wait is longer than a timer can be', async () => {
    everyMs = 30 * 24 * 3_600_000;
    void loop.poll();
    await answer(false);

    mock.timers.tick(2 ** 31 - 2);

    assert.equal(asked.length, 1);
  });

  it('asks only when told to where there is no interval', async () => {
    everyMs = null;
    void loop.poll();
    await answer();

    mock.timers.tick(100 * intervalMs);

    assert.equal(asked.length, 1);
  });

  it('asks no more once stopped, and waits for the question under way', async () => {
    const polled = loop.poll();
    const next = loop.poll();
    const stopped = loop.stop();
    await answer();

    await Promise.all([polled, next, stopped]);
    mock.timers.tick(100 * intervalMs);
    await loop.poll();

    assert.equal(asked.length, 1);
  });
});
