import assert from 'node:assert/strict';
import { buildersOf } from '@weir/model';
import type { BuilderFacts } from '@weir/model';
import { buildSpecSchema } from '@weir/protocol';
import { describe, it } from 'mocha';
import { buildOrderOf } from '../../src/dispatch/build-spec.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';
import type { RequestRow } from '../../src/store/requests.ts';

const farm = `farm: f
platforms: {linux: [linux], musl: [musl]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}}
    steps:
      - {name: patch, run: ./patch, platforms: [musl]}
      - build: make
`;

describe('what a worker is told to build', () => {
  it('has the steps of its platform, by the protocol as it is', () => {
    const reading = readFarmText(farm, 'f');
    assert.ok(reading.ok, JSON.stringify(reading));
    const request = { upstream_commit: 'a'.repeat(40), project_commit: null } as RequestRow;

    const told = buildersOf(reading.farm).map((builder) => {
      const facts = builder as BuilderFacts;
      const order = buildOrderOf(reading.farm, facts, request, { artifact: undefined, at: 0 });
      const spec = { build: 1, number: 1, ...order };
      assert.deepEqual(buildSpecSchema.parse(spec), spec);
      return [builder.platform, ...spec.steps.map(({ name }) => name)];
    });

    assert.deepEqual(told, [
      ['linux', 'build'],
      ['musl', 'patch', 'build'],
    ]);
  });

  it('is a runtime that is needed where a project is tested with it', () => {
    const project = 'projects: {app: {platforms: [musl], trunks: [lua/master], steps: [{t: t}]}}';
    const reading = readFarmText(`${farm}${project}\n`, 'f');
    assert.ok(reading.ok, JSON.stringify(reading));
    const request = { upstream_commit: 'a'.repeat(40), project_commit: null } as RequestRow;

    const told = buildersOf(reading.farm).map((builder) => {
      const facts = builder as BuilderFacts;
      const order = buildOrderOf(reading.farm, facts, request, { artifact: undefined, at: 0 });
      return [builder.name, order.isNeeded];
    });

    assert.deepEqual(told, [
      ['lua/master/linux', undefined],
      ['lua/master/musl', true],
      ['lua/master/app/musl', undefined],
    ]);
  });
});
