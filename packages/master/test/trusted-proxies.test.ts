import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { TrustedProxies } from '../src/trusted-proxies.ts';

describe('the proxies that are believed', () => {
  it('are those on this machine alone, unless others are named', () => {
    const proxies = new TrustedProxies();

    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      assert.ok(proxies.trusts(address), address);
    }
    for (const address of ['10.0.0.1', '192.0.2.1', 'fd00::1', '::ffff:10.0.0.1', 'unknown', '']) {
      assert.ok(!proxies.trusts(address), address);
    }
  });

  it('are addresses, ranges and names of ranges', () => {
    const proxies = new TrustedProxies('192.0.2.1, 10.1.0.0/16,2001:db8::/32');

    for (const address of [
      '127.0.0.1',
      '192.0.2.1',
      '10.1.2.3',
      '2001:db8::7',
      '::ffff:10.1.2.3',
    ]) {
      assert.ok(proxies.trusts(address), address);
    }
    for (const address of ['192.0.2.2', '10.2.0.1', '2001:db9::7']) {
      assert.ok(!proxies.trusts(address), address);
    }
    assert.ok(new TrustedProxies('uniquelocal').trusts('172.20.0.3'));
  });

  for (const wrong of ['proxy', '10.1.0.0/33', '10.1.0.0/', '10.1.0.0/8/8', '10.1.0/8', 'true']) {
    it(`are never ${wrong}`, () => {
      assert.throws(() => new TrustedProxies(`10.0.0.1,${wrong}`), /WEIR_TRUSTED_PROXIES takes/);
    });
  }

  it('say whom a connection is from, and nobody behind them does', () => {
    const proxies = new TrustedProxies('10.0.0.0/8');

    assert.equal(proxies.addressOf('192.0.2.1', '198.51.100.1'), '192.0.2.1');
    assert.equal(proxies.addressOf('10.0.0.1', '198.51.100.1, 192.0.2.1'), '192.0.2.1');
    assert.equal(proxies.addressOf('127.0.0.1', '198.51.100.1, 10.0.0.1'), '198.51.100.1');
    assert.equal(proxies.addressOf('10.0.0.1', '198.51.100.1, somebody'), '10.0.0.1');
    assert.equal(proxies.addressOf('10.0.0.1', '10.0.0.2'), '10.0.0.2');
    assert.equal(proxies.addressOf('10.0.0.1'), '10.0.0.1');
  });
});
