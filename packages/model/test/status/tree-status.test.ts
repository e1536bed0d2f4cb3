import assert from 'node:assert/strict';
import { type BuilderVerdict, treeStatus } from '@weir/model';
import type { Tier, Verdict } from '@weir/protocol';
import { describe, it } from 'mocha';

const runtime = (name: string, verdict: Verdict, tier: Tier = 2): BuilderVerdict => ({
  name,
  kind: 'runtime',
  tier,
  verdict,
});
const project = (name: string, verdict: Verdict, tier: Tier = 2): BuilderVerdict => ({
  name,
  kind: 'project',
  tier,
  verdict,
});

describe('treeStatus', () => {
  it('is usable when runtimes and projects are green', () => {
    const state = treeStatus([runtime('lua/main/debian', 'green'), project('lume', 'green')]);

    assert.deepEqual(state, {
      status: 'usable',
      because: 'its runtimes are green, and so are its projects',
    });
  });

  it('is unusable when a runtime of tier 1 or 2 is red, and names it', () => {
    const builders = [runtime('a', 'red'), runtime('b', 'red', 1), project('lume', 'red', 1)];

    assert.deepEqual(treeStatus(builders), {
      status: 'unusable',
      because: 'a and 1 more are red',
    });
  });

  it('is suspect when only an experimental runtime is red', () => {
    const state = treeStatus([runtime('a', 'green'), runtime('b', 'red', 3)]);

    assert.deepEqual(state, { status: 'suspect', because: 'b is red' });
  });

  it('is suspect until a runtime was built', () => {
    for (const builders of [[], [runtime('a', 'unknown')], [runtime('a', 'never green')]]) {
      assert.deepEqual(treeStatus(builders), {
        status: 'suspect',
        because: 'no runtime was built yet',
      });
    }
  });

  it('is suspect when one stable project is red', () => {
    const greens = ['a', 'b', 'c'].map((name) => project(name, 'green', 1));

    const state = treeStatus([runtime('r', 'green'), ...greens, project('lume', 'red', 1)]);

    assert.deepEqual(state, { status: 'suspect', because: 'lume is red' });
  });

  it('is suspect when half of the normal projects that were ever green are red', () => {
    const builders = [runtime('r', 'green'), project('a', 'red'), project('b', 'green')];

    assert.equal(treeStatus(builders).status, 'suspect');
    assert.equal(treeStatus([...builders, project('c', 'green')]).status, 'usable');
    assert.equal(treeStatus([...builders, project('c', 'never green')]).status, 'suspect');
  });

  it('is suspect until a project was green, where there are any that count', () => {
    const greens = [runtime('r', 'green')];
    for (const verdict of ['unknown', 'never green'] as const) {
      assert.deepEqual(treeStatus([...greens, project('a', verdict), project('b', 'red', 3)]), {
        status: 'suspect',
        because: 'no project was green yet',
      });
      assert.equal(treeStatus([...greens, project('a', verdict, 3)]).status, 'usable');
    }
  });

  it('says how many are green, where not all are', () => {
    const projects = [project('a', 'green'), project('b', 'never green')];
    const some = [runtime('r', 'green'), runtime('s', 'unknown')];
    const told: [BuilderVerdict[], string][] = [
      [[runtime('r', 'green')], 'its runtimes are green'],
      [[runtime('r', 'green'), ...projects], 'green: 1 of 1 runtimes, 1 of 2 project builders'],
      [some, 'green: 1 of 2 runtimes'],
      [[...some, ...projects], 'green: 1 of 2 runtimes, 1 of 2 project builders'],
    ];
    for (const [builders, because] of told) {
      assert.deepEqual(treeStatus(builders), { status: 'usable', because });
    }
  });

  it('does not mind red experimental projects', () => {
    const state = treeStatus([runtime('r', 'green'), project('a', 'red', 3)]);

    assert.equal(state.status, 'usable');
  });
});
