import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runChaos } from './chaos.ts';
import { faultKinds } from './plan.ts';
import { reportOf } from './report.ts';

/** A run of a minute under load, with starting, coming to rest and judging; longer on a busy machine. */
const timeoutMs = 10 * 60_000;

describe('a farm in chaos', () => {
  it('loses nothing', async function () {
    this.timeout(timeoutMs);

    const chaos = await runChaos({
      minutes: 1,
      seed: 7,
      workers: 8,
      engines: 1,
      kinds: faultKinds,
      keep: false,
      progress: () => {},
      signal: AbortSignal.timeout(timeoutMs - 10_000),
    });

    assert.equal(chaos.losses.length, 0, reportOf(chaos));
    assert.ok(chaos.played.length > 0, 'there were faults');
    assert.ok(chaos.judged.results > 20, 'there were builds');
  });
});
