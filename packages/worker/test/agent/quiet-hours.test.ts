import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseQuietHours, quietUntil } from '../../src/agent/quiet-hours.ts';

/** When the quiet hours end that hold at a moment, both by the local clock. 2026-11-23 is a Monday. */
function until(hours: readonly string[], now: string): string | null {
  const parsed = hours.flatMap((text) => parseQuietHours(text) ?? []);
  assert.equal(parsed.length, hours.length);
  const end = quietUntil(parsed, new Date(now));
  if (end === null) return null;
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${two(end.getDate())} ${two(end.getHours())}:${two(end.getMinutes())}`;
}

describe('quiet hours', () => {
  const work = ['Mon-Fri 09:00-18:00'];

  it('hold on their days, from their beginning to just before their end', () => {
    assert.equal(until(work, '2026-11-23T08:59:59'), null);
    assert.equal(until(work, '2026-11-23T09:00:00'), '23 18:00');
    assert.equal(until(work, '2026-11-27T17:59:59'), '27 18:00');
    assert.equal(until(work, '2026-11-27T18:00:00'), null);
    assert.equal(until(work, '2026-11-28T12:00:00'), null);
  });

  it('reach over midnight, and belong to the day on which they begin', () => {
    const night = ['Fri 22:00-07:00'];
    assert.equal(until(night, '2026-11-27T23:00:00'), '28 07:00');
    assert.equal(until(night, '2026-11-28T06:00:00'), '28 07:00');
    assert.equal(until(night, '2026-11-27T06:00:00'), null);
  });

  it('of several go on into each other', () => {
    const hours = ['Sat,Sun 00:00-24:00', 'Mon 00:00-08:00'];
    assert.equal(until(hours, '2026-11-28T12:00:00'), '30 08:00');
  });

  it('hold every day where no day is named, and from one week into the next', () => {
    assert.equal(until(['12:00-13:00'], '2026-11-29T12:30:00'), '29 13:00');
    assert.equal(until(['Fri-Mon 12:00-13:00'], '2026-11-29T12:30:00'), '29 13:00');
    assert.equal(until(['Fri-Mon 12:00-13:00'], '2026-11-24T12:30:00'), null);
  });

  it('are nothing else', () => {
    const wrong = ['', '9-18', '25:00-26:00', '09:60-10:00', 'Mo 09:00-10:00', '09:00-09:00'];
    for (const text of [...wrong, 'Mon- 09:00-10:00', '24:00-01:00', '09:00', 'Mon 09:00']) {
      assert.equal(parseQuietHours(text), undefined, text);
    }
  });
});
