import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { trustedProxies } from '../../src/web/server/trusted-proxies.ts';

describe('the proxies that are believed', () => {
  it('are those of this machine alone, unless others are named', () => {
    assert.deepEqual(trustedProxies(), ['loopback']);
    assert.deepEqual(trustedProxies(''), ['loopback']);
  });

  it('are addresses, ranges and names of ranges', () => {
    const named = trustedProxies('10.1.0.0/16, fd00::/8,192.0.2.1, uniquelocal');

    assert.deepEqual(named, ['loopback', '10.1.0.0/16', 'fd00::/8', '192.0.2.1', 'uniquelocal']);
  });

  for (const wrong of ['proxy', '10.1.0.0/33', '10.1.0.0/', '10.1.0.0/8/8', '10.1.0/8', 'true']) {
    it(`are never ${wrong}`, () => {
      assert.throws(
        () => trustedProxies(`10.0.0.1,${wrong}`),
        /WEIR_TRUSTED_PROXIES takes addresses/,
      );
    });
  }
});
