import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { AskRate } from '../../src/workers/ask-rate.ts';

const address = '192.0.2.1';

describe('the rate of proofs from one address', () => {
  it('allows a burst, then one each 200 ms', () => {
    const rate = new AskRate();
    for (let count = 0; count < 50; count += 1) assert.ok(rate.take(address, 0));

    assert.ok(!rate.take(address, 0));
    assert.ok(!rate.take(address, 199));
    assert.ok(rate.take(address, 200));
    assert.ok(!rate.take(address, 200));
  });

  it('counts each address for itself', () => {
    const rate = new AskRate();
    for (let count = 0; count < 60; count += 1) rate.take(address, 0);

    assert.ok(rate.take('192.0.2.2', 0));
  });

  it('never stops ten workers that wait to be accepted', () => {
    const rate = new AskRate();
    for (let second = 0; second < 300; second += 3) {
      for (let worker = 0; worker < 10; worker += 1) {
        assert.ok(rate.take(address, second * 1_000 + worker));
      }
    }
  });
});
