import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { expectedAt, overText } from '../../src/tests/expected-failures.ts';

describe('an expected failure', () => {
  const known = { test: 'a.*', issue: 'https://issues.example/7' };
  const all = [{ ...known, until: '2027-01-31' }];

  it('is expected to the end of its last day, in UTC', () => {
    assert.deepEqual(expectedAt(all, Date.parse('2027-01-31T23:59:59.999Z')), [known]);
    assert.deepEqual(expectedAt(all, Date.parse('2027-02-01T00:00:00Z')), []);
  });

  it('is told with its last day when that is over, and its test fails', () => {
    const after = Date.parse('2027-02-01T00:00:00Z');
    const words = 'a.* was expected to fail until 2027-01-31: https://issues.example/7';

    assert.equal(overText(all, ['b', 'a.1'], after), words);
    assert.equal(overText(all, ['b'], after), '');
    assert.equal(overText(all, ['a.1'], after - 1), '');
  });
});
