import assert from 'node:assert/strict';
import { tooOldText } from '../src/node-version.ts';

describe('a Node that is too old', () => {
  it('is named, with the one that is needed and where it is from', () => {
    const text = tooOldText('weir-worker', '20.20.2') ?? '';
    assert.match(text, /^weir-worker needs Node 24\.15 or newer, this is 20\.20\.2: get it from/);
    assert.match(tooOldText('weir', '24.9.0') ?? '', /this is 24\.9\.0/);
  });

  it('is none that is new enough', () => {
    for (const version of ['24.15.0', '24.21.0', '25.0.0', '26.1.0-nightly']) {
      assert.equal(tooOldText('weir', version), null);
    }
  });
});
