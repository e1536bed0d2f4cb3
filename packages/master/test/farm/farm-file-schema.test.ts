import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, it } from 'mocha';
import { parse } from 'yaml';
import { farmFileSchema } from '../../src/farm/farm-file-schema.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';

const configs = new URL('../../../../configs/', import.meta.url);
const validate = new Ajv2020({ allowUnionTypes: true }).compile(farmFileSchema());

const whole = `
farm: Farm
platforms: {linux: [linux]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {poll: 10s}, '5.4': {}}
    tier: 1
    env: {FAST: 1, LEVEL: 3.10}
    steps:
      - build: make
      - {name: install, run: make install, network: true, timeout: 2h}
projects:
  json: {trunks: [lua/master], max-parallel: 2, steps: [{test: lua test.lua}]}
limits: {log: 1MiB, processes: 64}
notify: {to: [ops@example.org], gather: 5m}
`;

/** Whether the schema takes a farm file, as an editor would read it. */
function fits(text: string): boolean {
  return validate(parse(text));
}

function isRead(text: string): boolean {
  return readFarmText(text, '/farm.yaml').ok;
}

describe('the JSON Schema of farm files', () => {
  for (const name of readdirSync(configs).filter((file) => file.endsWith('.yaml'))) {
    it(`takes configs/${name}`, () => {
      const text = readFileSync(new URL(name, configs), 'utf8');
      assert.ok(fits(text), JSON.stringify(validate.errors));
    });
  }

  it('takes what the farm reads', () => {
    assert.ok(isRead(whole));
    assert.ok(fits(whole), JSON.stringify(validate.errors));
  });

  const mistakes: readonly [string, string, string][] = [
    ['an unknown key', 'tier: 1', 'teir: 1'],
    ['a missing key', '    repository: https://git.example/lua\n', ''],
    ['a duration without a unit', 'poll: 10s', 'poll: 10'],
    ['a size of another kind', 'log: 1MiB', 'log: 1MB'],
    ['a tier that there is not', 'tier: 1', 'tier: 4'],
    ['too many at once', 'max-parallel: 2', 'max-parallel: 0'],
    ['a list that is none', 'trunks: [lua/master]', 'trunks: lua/master'],
    ['an empty list', 'platforms: {linux: [linux]}', 'platforms: {linux: []}'],
    ['a flag that is none', 'network: true', 'network: maybe'],
    ['a step of two names', '- build: make', '- {build: make, all: make}'],
  ];
  for (const [name, from, to] of mistakes) {
    it(`refuses ${name}, as the farm does`, () => {
      const text = whole.replace(from, to);
      assert.notEqual(text, whole);
      assert.deepEqual([isRead(text), fits(text)], [false, false]);
    });
  }
});
