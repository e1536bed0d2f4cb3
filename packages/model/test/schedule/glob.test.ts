import assert from 'node:assert/strict';
import { matchesGlob } from 'node:path';
import { globMatcher } from '@weir/model';
import fc from 'fast-check';
import { describe, it } from 'mocha';

function testMatch(glob: string, matching: readonly string[], others: readonly string[]): void {
  it(`${glob} matches ${matching.join(', ')} and not ${others.join(', ')}`, () => {
    const matches = globMatcher([glob]);

    assert.deepEqual(matching.filter(matches), matching);
    assert.deepEqual(others.filter(matches), []);
  });
}

describe('globMatcher', () => {
  testMatch('Makefile', ['Makefile'], ['makefile', 'src/Makefile', 'Makefile.am', '']);
  testMatch('*.lua', ['a.lua', '.lua', 'a.b.lua'], ['src/a.lua', 'a.luac']);
  testMatch('**/*.lua', ['a.lua', 'src/a.lua', 'a/b/c.lua'], ['a.c', 'lua']);
  testMatch('src/**', ['src/a', 'src/a/b'], ['src', 'lib/src/a']);
  testMatch('src/', ['src/a', 'src/a/b'], ['src', 'srcs/a']);
  testMatch('a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb', 'xa/b']);
  testMatch('a**b', ['ab', 'a/b', 'axb', 'ax/yb'], ['a', 'abc']);
  testMatch('?.c', ['a.c', 'é.c', '😀.c'], ['.c', 'ab.c', '/.c']);
  testMatch('*.{c,h}', ['a.c', 'a.h'], ['a.cc', 'a.', 'a.{c,h}']);
  testMatch('{src,test/{a,b}}/*', ['src/x', 'test/a/x', 'test/b/x'], ['test/x', 'test/c/x']);
  testMatch('{,lib/}x', ['x', 'lib/x'], ['lib']);
  testMatch('a{b', ['a{b'], ['ab']);
  testMatch('a}b,c', ['a}b,c'], ['ab']);
  testMatch('[ab]+(c).$', ['[ab]+(c).$'], ['a', 'ac']);

  it('matches when one of several globs does, and never when there is none', () => {
    assert.ok(globMatcher(['docs/**', 'src/**'])('src/a'));
    assert.ok(!globMatcher([])('src/a'));
  });

  it('agrees with node:path on what both know', () => {
    const glob = fc.array(fc.constantFrom('a', 'b', '/', '*', '?', '**/', '{a,b/b}'), {
      maxLength: 8,
    });
    const path = fc.array(fc.stringMatching(/^[ab]{1,3}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(glob, path, (parts, folders) => {
        const pattern = parts.join('');
        fc.pre(/^(?!\/)(?!.*\/\/)(?!.*[^/]\*\*)(?!.*\*\*[^/]).*[^/]$/.test(pattern));
        const file = folders.join('/');

        assert.equal(
          globMatcher([pattern])(file),
          matchesGlob(file, pattern),
          `${pattern} ${file}`,
        );
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not made to explode', () => {
    const path = `${'a'.repeat(4_000)}c`;

    assert.ok(!globMatcher([`${'*a'.repeat(200)}b`])(path));
    assert.ok(!globMatcher([`${'{a,*}'.repeat(100)}b`])(path));
    assert.ok(!globMatcher(['**/'.repeat(200) + 'b'])('a/'.repeat(2_000)));
    assert.ok(!globMatcher(['{'.repeat(1_000) + 'b' + '}'.repeat(999)])(path));
  });
});
