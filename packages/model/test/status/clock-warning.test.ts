import assert from 'node:assert/strict';
import { clockWarning } from '@weir/model';
import { describe, it } from 'mocha';

const minute = 60_000;
const day = 86_400_000;
const startedAt = 1_000 * day;
const right = { wall: startedAt, now: startedAt, startedAt, newestAt: startedAt - minute };

describe('what is said of the clock of the farm', () => {
  const cases: [name: string, facts: Partial<typeof right>, expected: RegExp | null][] = [
    ['nothing while it is right', {}, null],
    ['nothing when it is set right by some seconds', { wall: startedAt + 20_000 }, null],
    ['nothing after a week away', { newestAt: startedAt - 7 * day }, null],
    [
      'that it jumped ahead',
      { wall: startedAt + 5 * 60 * minute },
      /set to 5 h ahead of what it was/,
    ],
    ['that it jumped back', { wall: startedAt - 365 * day }, /set to 365 days behind what it was/],
    [
      'that it is behind the events',
      { newestAt: startedAt + 365 * day },
      /is 365 days behind what/,
    ],
    ['that it may be ahead', { newestAt: startedAt - 365 * day }, /is 365 days ahead of all that/],
  ];
  for (const [name, facts, expected] of cases) {
    it(`is ${name}`, () => {
      const warning = clockWarning({ ...right, ...facts });

      if (expected === null) assert.equal(warning, null);
      else assert.match(warning ?? '', expected);
    });
  }

  it('is nothing of a new farm', () => {
    assert.equal(clockWarning({ ...right, newestAt: null }), null);
  });

  it('is no more, after a day, that the farm was away for long', () => {
    const later = startedAt + day + minute;
    const facts = { wall: later, now: later, startedAt, newestAt: startedAt - 365 * day };

    assert.equal(clockWarning(facts), null);
  });
});
