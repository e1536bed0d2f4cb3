import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, it } from 'mocha';
import { Pace } from '../../src/demo/pace.ts';

const never = 86_400_000;

describe('the pace of the demo', () => {
  let keys: PassThrough;
  let stop: AbortController;
  let pace: Pace;

  beforeEach(() => {
    keys = new PassThrough();
    stop = new AbortController();
    pace = new Pace(createInterface({ input: keys }), stop.signal);
  });

  it('goes on after the pause', async () => {
    assert.equal(await pace.next(1), true);
    assert.equal(await pace.next(1), true);
  });

  it('goes on at once for a line', async () => {
    const next = pace.next(never);
    keys.write('\n');

    assert.equal(await next, true);
  });

  it('counts the lines that come while nobody waits', async () => {
    keys.end('\n\n');
    await once(keys, 'close');

    assert.equal(await pace.next(never), true);
    assert.equal(await pace.next(never), true);
    const third = pace.next(never);
    stop.abort();
    assert.equal(await third, false);
  });

  it('ends by the signal, also one that came before', async () => {
    const next = pace.next(never);
    stop.abort();

    assert.equal(await next, false);
    assert.equal(await pace.next(never), false);
  });
});
