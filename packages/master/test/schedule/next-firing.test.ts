import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { nextFiring } from '../../src/schedule/next-firing.ts';

/** The first three firings after a moment. */
function firings(cron: string, timezone: string, after: string): string[] {
  const found: string[] = [];
  let at = Date.parse(after);
  while (found.length < 3) {
    at = nextFiring({ kind: 'cron', cron, timezone }, at) ?? Number.NaN;
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

describe('when a schedule is due next', () => {
  it('is so long after the time before', () => {
    assert.equal(nextFiring({ kind: 'every', everyMs: 60_000 }, 5), 60_005);
  });

  it('is a time of day in its zone, across summer time', () => {
    assert.deepEqual(firings('30 3 * * *', 'Europe/Berlin', '2026-03-27T12:00Z'), [
      '2026-03-28T02:30',
      '2026-03-29T01:30',
      '2026-03-30T01:30',
    ]);
  });

  it('comes once in an hour that is repeated', () => {
    assert.deepEqual(firings('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z'), [
      '2026-10-25T00:30',
      '2026-10-26T01:30',
      '2026-10-27T01:30',
    ]);
  });

  it('comes when the hour ends that summer time leaves out', () => {
    assert.deepEqual(firings('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z'), [
      '2026-03-29T01:00',
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ]);
  });

  it('is never for a day that there is not', () => {
    assert.equal(nextFiring({ kind: 'cron', cron: '0 0 30 2 *', timezone: 'UTC' }, 0), null);
  });
});
