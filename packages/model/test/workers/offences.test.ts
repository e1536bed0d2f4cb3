import assert from 'node:assert/strict';
import type { Offences } from '@weir/model';
import { afterOffence, keptAwayMs } from '@weir/model';
import { describe, it } from 'mocha';

/** So many, a second apart, the last one at `count` seconds. */
function offended(count: number): Offences {
  let offences: Offences | undefined;
  for (let n = 1; n <= count; n++) offences = afterOffence(offences, n * 1_000);
  return offences ?? { count: 0, at: 0 };
}

describe('a worker that is cut off again and again', () => {
  const cases: [count: number, seconds: number][] = [
    [1, 0],
    [8, 0],
    [9, 10],
    [10, 20],
    [14, 320],
    [15, 600],
    [1_000, 600],
  ];
  for (const [count, seconds] of cases) {
    it(`must stay away for ${seconds} s after ${count} times`, () => {
      const offences = offended(count);

      assert.equal(keptAwayMs(offences, offences.at), seconds * 1_000);
      assert.equal(keptAwayMs(offences, offences.at + seconds * 1_000), 0);
    });
  }

  it('begins anew after ten minutes without an offence', () => {
    const offences = offended(20);

    assert.equal(afterOffence(offences, offences.at + 600_000).count, 1);
  });
});
