import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Failures } from '../../../src/web/sign-in/failures.ts';

describe('wrong tokens', () => {
  function failTimes(failures: Failures, address: string, times: number): void {
    for (let time = 0; time < times; time += 1) failures.add(address, 0);
  }

  it('may be ten in a row, and after that one each second', () => {
    const failures = new Failures();

    failTimes(failures, '192.0.2.1', 9);
    assert.equal(failures.waitMs('192.0.2.1', 0), 0);
    failTimes(failures, '192.0.2.1', 1);

    assert.equal(failures.waitMs('192.0.2.1', 0), 1_000);
    assert.equal(failures.waitMs('192.0.2.1', 400), 600);
    assert.equal(failures.waitMs('192.0.2.1', 1_000), 0);
  });

  it('count for their address alone', () => {
    const failures = new Failures();

    failTimes(failures, '192.0.2.1', 50);

    assert.equal(failures.waitMs('192.0.2.2', 0), 0);
  });

  it('count together for the addresses that one IPv6 customer has', () => {
    const failures = new Failures();

    failTimes(failures, '2001:db8::1', 50);

    assert.ok(failures.waitMs('2001:db8:0:0:ffff::9', 0) > 0);
    assert.equal(failures.waitMs('2001:db8:0:1::1', 0), 0);
  });

  it('of very many addresses take no more memory', () => {
    const failures = new Failures();

    failTimes(failures, '192.0.2.1', 50);
    for (let n = 0; n < 20_000; n += 1) failures.add(`address-${n}`, 0);

    assert.equal(failures.waitMs('192.0.2.1', 0), 0, 'the oldest is forgotten');
  });
});
