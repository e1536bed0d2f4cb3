import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { buildersOf, platformsWith, stepsOn, trunksOf } from '../../src/index.ts';
import type { Farm, Project } from '../../src/index.ts';
import { smallFarm } from '../support/farms.ts';

describe('the matrix of builders', () => {
  const both = ['x64', 'arm'];

  /** The small farm's project, on these combinations. */
  function app(change: Partial<Project>): Project {
    const project = smallFarm().projects.get('app');
    assert.ok(project);
    return { ...project, platforms: both, ...change };
  }

  function projectBuilders(project: Project): string[] {
    const farm: Farm = { ...smallFarm(), projects: new Map([['app', project]]) };
    return buildersOf(farm).flatMap(({ kind, name }) => (kind === 'project' ? [name] : []));
  }

  it('has a builder for each trunk, project and platform', () => {
    assert.deepEqual(projectBuilders(app({})), ['lang/main/app/x64', 'lang/main/app/arm']);
  });

  it('asks for a machine with git LFS where the checkout needs it', () => {
    const labels = (project: Project): readonly string[] | undefined =>
      buildersOf({ ...smallFarm(), projects: new Map([['app', project]]) }).find(
        ({ kind }) => kind === 'project',
      )?.labels;

    const plain = labels(app({ checkout: { depth: 1 } })) ?? [];

    assert.deepEqual(labels(app({ checkout: { lfs: true } })), [...plain, 'git-lfs']);
  });

  it('leaves out what a project excludes, and its runtime not', () => {
    const exclude = [{ trunk: 'lang/main', platform: 'x64' }];
    const farm: Farm = { ...smallFarm(), projects: new Map([['app', app({ exclude })]]) };

    assert.deepEqual(
      buildersOf(farm).map(({ name }) => name),
      ['lang/main/x64', 'lang/main/arm', 'lang/main/app/arm'],
    );
  });

  it('has what a project includes, on a trunk of its own or on one more platform, once', () => {
    const include = [
      { trunk: 'lang/next', platform: 'arm' },
      { trunk: 'lang/main', platform: 'x64' },
    ];
    const project = app({ platforms: ['x64'], include });

    assert.deepEqual(platformsWith(project, 'lang/main', both), ['x64']);
    assert.deepEqual(platformsWith(project, 'lang/next', both), ['arm']);
    assert.deepEqual(platformsWith(project, 'lang/old', both), []);
    assert.deepEqual(trunksOf(project), ['lang/main', 'lang/next']);
  });

  it('has no builder without a runtime', () => {
    const include = [{ trunk: 'lang/main', platform: 'mac' }];

    assert.deepEqual(projectBuilders(app({ platforms: ['x64', 'mac'], include })), [
      'lang/main/app/x64',
    ]);
  });
});

describe('stepsOn', () => {
  const [step] = smallFarm().projects.get('app')?.steps ?? [];
  assert.ok(step);
  const steps = [
    { ...step, name: 'all' },
    { ...step, name: 'arm', platforms: ['arm'] },
  ];

  it('gives a platform its own steps and those of all, as a worker takes them', () => {
    assert.deepEqual(stepsOn(steps, 'x64'), [{ ...step, name: 'all' }]);
    assert.deepEqual(stepsOn(steps, 'arm'), [
      { ...step, name: 'all' },
      { ...step, name: 'arm' },
    ]);
  });
});
