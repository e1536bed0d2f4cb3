import assert from 'node:assert/strict';
import { type Farm, maxChangeFiles, requestsFor, type Revision, type Trigger } from '@weir/model';
import { describe, it } from 'mocha';
import { farm, project } from '../support/facts.ts';

const at = (commit: string, position: number): Revision => ({ commit, position });
const main = at('m9', 9);
const lume = at('p3', 3);

const trunkTrigger: Trigger = { kind: 'trunk', name: 'lua/main', revision: main };
const projectTrigger = (over: Partial<Extract<Trigger, { kind: 'project' }>> = {}): Trigger => ({
  kind: 'project',
  name: 'lume',
  revision: lume,
  files: [['lume.lua']],
  isBaseline: false,
  ...over,
});

function drafts(
  trigger: Trigger,
  testFarm: Farm,
  heads: Record<string, Revision>,
  newest: Record<string, { upstream: string; project: string | null }> = {},
) {
  return requestsFor(trigger, {
    farm: testFarm,
    heads: new Map(Object.entries(heads)),
    newestRequests: new Map(Object.entries(newest)),
  });
}

describe('requestsFor a trunk', () => {
  it('asks for each runtime, then for each project at its newest commit', () => {
    const asked = drafts(trunkTrigger, farm([project({ name: 'lume' })]), {
      'lua/v5': at('v1', 1),
      lume,
    });

    assert.deepEqual(asked, [
      { builder: 'lua/main/debian', reason: 'trunk', upstream: main, project: null },
      { builder: 'lua/main/alpine', reason: 'trunk', upstream: main, project: null },
      { builder: 'lua/main/lume/debian', reason: 'trunk', upstream: main, project: lume },
    ]);
  });

  it('asks for nothing of a project that has no known commit', () => {
    const asked = drafts(trunkTrigger, farm([project({ name: 'lume' })]), {});

    assert.deepEqual(
      asked.map(({ builder }) => builder),
      ['lua/main/debian', 'lua/main/alpine'],
    );
  });

  it('pins no project commit where the project has no repository', () => {
    const asked = drafts(trunkTrigger, farm([project({ name: 'smoke', repository: null })]), {});

    assert.deepEqual(asked.at(-1), {
      builder: 'lua/main/smoke/debian',
      reason: 'trunk',
      upstream: main,
      project: null,
    });
  });

  it('does not ask twice in a row for the same commits', () => {
    const asked = drafts(
      trunkTrigger,
      farm([project({ name: 'lume' })]),
      { lume },
      {
        'lua/main/debian': { upstream: 'm9', project: null },
        'lua/main/alpine': { upstream: 'm8', project: null },
        'lua/main/lume/debian': { upstream: 'm9', project: 'p2' },
      },
    );

    assert.deepEqual(
      asked.map(({ builder }) => builder),
      ['lua/main/alpine', 'lua/main/lume/debian'],
    );
  });

  it('asks for nothing of a trunk that the farm does not have', () => {
    assert.deepEqual(drafts({ ...trunkTrigger, name: 'lua/old' }, farm([]), {}), []);
  });
});

describe('requestsFor a project', () => {
  const heads = { 'lua/main': main, 'lua/v5': at('v1', 1) };

  it('asks for its builders on all its trunks, at the newest commit of each', () => {
    const asked = drafts(
      projectTrigger(),
      farm([project({ name: 'lume' }), project({ name: 'other' })]),
      heads,
    );

    assert.deepEqual(asked, [
      { builder: 'lua/main/lume/debian', reason: 'project', upstream: main, project: lume },
      {
        builder: 'lua/v5/lume/debian',
        reason: 'project',
        upstream: at('v1', 1),
        project: lume,
      },
    ]);
  });

  it('asks for nothing on a trunk that has no known commit', () => {
    const asked = drafts(projectTrigger(), farm([project({ name: 'lume' })]), { 'lua/main': main });

    assert.deepEqual(
      asked.map(({ builder }) => builder),
      ['lua/main/lume/debian'],
    );
  });

  describe('with only-if-changed', () => {
    const picky = farm([project({ name: 'lume', onlyIfChanged: ['**/*.lua'] })]);
    const asks = (over: Parameters<typeof projectTrigger>[0]) =>
      drafts(projectTrigger(over), picky, heads).length > 0;

    it('asks when any of the changes touches a matching file', () => {
      assert.ok(asks({ files: [['README.md'], ['src/a.lua', 'LICENSE'], []] }));
    });

    it('asks for nothing when none does', () => {
      assert.ok(!asks({ files: [['README.md'], ['docs/x.md']] }));
      assert.ok(!asks({ files: [] }));
    });

    it('asks when nothing was ever scheduled', () => {
      assert.ok(asks({ files: [['README.md']], isBaseline: true }));
    });

    it('asks when a change touched more files than are recorded', () => {
      assert.ok(asks({ files: [Array.from({ length: maxChangeFiles }, (_, i) => `${i}.md`)] }));
    });

    it('does not hold up the builds of a trunk', () => {
      assert.equal(drafts(trunkTrigger, picky, { lume }).length, 3);
    });
  });
});
