import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { editDistance, suggest } from '../../src/farm/suggest.ts';

describe('suggest', () => {
  it('names the nearest word', () => {
    assert.equal(
      suggest('stabel-for', ['poll', 'stable-for', 'max-wait']),
      'did you mean stable-for?',
    );
    assert.equal(suggest('Poll', ['poll']), 'did you mean poll?');
  });

  it('names none when none is near', () => {
    assert.equal(suggest('colour', ['poll', 'branch']), null);
    assert.equal(suggest('x', []), null);
  });
});

describe('editDistance', () => {
  it('counts insertions, deletions, replacements, and swaps of neighbours', () => {
    assert.equal(editDistance('master', 'master'), 0);
    assert.equal(editDistance('mastre', 'master'), 1);
    assert.equal(editDistance('mater', 'master'), 1);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('kitten', 'sitting'), 3);
  });

  it('is the same both ways, and zero only for the same', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        assert.equal(editDistance(a, b), editDistance(b, a));
        assert.equal(editDistance(a, b) === 0, a === b);
      }),
    );
  });
});
