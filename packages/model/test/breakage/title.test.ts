import assert from 'node:assert/strict';
import { breakageTitle } from '@weir/model';
import { describe, it } from 'mocha';

const shown = (project: string | null, step: string | null, platform = 'linux') => ({
  trunk: 'lang/main',
  project,
  platform,
  step,
});

describe('the title of a breakage', () => {
  const both = new Map([
    ['lib', 2],
    ['app', 2],
  ]);
  it('names projects with their failing steps, and runtimes last', () => {
    const rows = [shown(null, 'build'), shown('lib', 'test'), shown('app', 'install')];
    assert.equal(breakageTitle(rows, new Map()), 'app (install), lib (test), lang/main (build)');
  });

  it('names the platform where it shows on one of several', () => {
    assert.equal(breakageTitle([shown('lib', 'test')], both), 'lib (test on linux)');
    const rows = [shown('lib', 'test'), shown('lib', 'test', 'macos')];
    assert.equal(breakageTitle(rows, both), 'lib (test)');
  });

  it('counts what does not fit', () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((name) => shown(name, 'test'));
    assert.equal(breakageTitle(rows, new Map()), 'a (test), b (test), c (test) and 2 more');
    assert.equal(breakageTitle(rows.slice(1), new Map()), 'b (test), c (test), d (test), e (test)');
  });

  it('says build where no step failed', () => {
    assert.equal(breakageTitle([shown('lib', null)], new Map()), 'lib (build)');
  });
});
