import assert from 'node:assert/strict';
import type { BuildSpec } from '@weir/protocol';
import { describe, it } from 'mocha';
import { declineReason } from '../../src/agent/policy.ts';

const spec: BuildSpec = {
  build: 1,
  builder: 'lua/master/lume/linux',
  number: 1,
  kind: 'project',
  runtime: { upstream: 'lua', trunk: 'master', platform: 'linux', commit: 'a'.repeat(40) },
  env: {},
  steps: [],
  limits: { logBytes: 1, diskBytes: 1, memoryBytes: 1, processes: 1, fileBytes: 1 },
};
const all = { onlyUpstreams: [], onlyProjects: [], allowsContainers: true };

describe('the policy of a worker', () => {
  it('takes everything when it names nothing', () => {
    assert.equal(declineReason(all, spec), null);
  });

  it('takes only the upstreams and projects that it names', () => {
    assert.equal(declineReason({ ...all, onlyUpstreams: ['lua'] }, spec), null);
    assert.match(declineReason({ ...all, onlyUpstreams: ['node'] }, spec) ?? '', /only node/);
    assert.equal(declineReason({ ...all, onlyProjects: ['lume'] }, spec), null);
    assert.match(declineReason({ ...all, onlyProjects: ['lum'] }, spec) ?? '', /only lum$/);
  });

  it('takes no services where its owner wants none', () => {
    const own = { ...all, allowsContainers: false };

    assert.equal(declineReason(own, spec), null);
    assert.match(declineReason(own, { ...spec, services: [] }) ?? '', /runs no containers$/);
  });

  it('builds the runtimes that its projects need', () => {
    const runtime = { ...spec, kind: 'runtime', builder: 'lua/master/linux' } as const;

    assert.equal(declineReason({ ...all, onlyProjects: ['lume'] }, runtime), null);
  });
});
