import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { expectedAt } from '../../src/tests/expected-failures.ts';

describe('an expected failure', () => {
  const known = { test: 'a.*', issue: 'https://issues.example/7' };
  const all = [{ ...known, until: '2027-01-31' }];

  it('is expected to the end of its last day, in UTC', () => {
    assert.deepEqual(expectedAt(all, Date.parse('2027-01-31T23:59:59.999Z')), [known]);
    assert.deepEqual(expectedAt(all, Date.parse('2027-02-01T00:00:00Z')), []);
  });
});
