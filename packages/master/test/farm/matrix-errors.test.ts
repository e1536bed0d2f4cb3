import assert from 'node:assert/strict';
import { buildersOf } from '@weir/model';
import { describe, it } from 'mocha';
import { farmErrorLine } from '../../src/farm/farm-file-error.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';

const good = `farm: f
platforms: {linux: [linux], musl: [musl], mac: [macos]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}, v5: {}}
    platforms: [linux, musl]
    steps:
      - build: make
projects:
  json:
    trunks: [lua/master]
    exclude:
      - {trunk: lua/master, platform: musl}
    include:
      - {trunk: lua/v5, platform: linux}
    steps:
      - test: lua test.lua
      - {name: bench, run: lua bench.lua, platforms: [linux]}
`;
const exclude = '{trunk: lua/master, platform: musl}';
const include = '{trunk: lua/v5, platform: linux}';

describe('the matrix of a farm file', () => {
  it('is that of trunks and platforms, without what is excluded and with what is included', () => {
    const reading = readFarmText(good, 'f');
    assert.ok(reading.ok, JSON.stringify(reading));

    assert.deepEqual(
      buildersOf(reading.farm).flatMap(({ project, name }) => (project === null ? [] : [name])),
      ['lua/master/json/linux', 'lua/v5/json/linux'],
    );
    assert.deepEqual(reading.farm.projects.get('json')?.steps[1]?.platforms, ['linux']);
  });

  const cases: readonly [what: string, from: string, to: string, error: RegExp][] = [
    [
      'an unknown trunk',
      exclude,
      '{trunk: lua/mastre, platform: musl}',
      /^f:14:10: projects\.json\.exclude\[0\]\.trunk: an unknown trunk: expected one of lua\/master, lua\/v5, came "lua\/mastre"; did you mean lua\/master\?$/,
    ],
    [
      'an unknown platform',
      include,
      '{trunk: lua/v5, platform: lunix}',
      /^f:16:25: projects\.json\.include\[0\]\.platform: an unknown platform: .*; did you mean linux\?$/,
    ],
    [
      'a combination without a platform',
      exclude,
      '{trunk: lua/master}',
      /^f:14:9: projects\.json\.exclude\[0\]: the key platform is missing/,
    ],
    [
      'a text for a combination',
      exclude,
      'lua/master',
      /^f:14:9: projects\.json\.exclude\[0\]: a wrong value: expected a map of trunk, platform, came "lua\/master"$/,
    ],
    [
      'an exclude of a trunk that is not tested',
      exclude,
      '{trunk: lua/v5, platform: musl}',
      /^f:14:9: projects\.json\.exclude\[0\]: excludes nothing: lua\/v5 is none of its trunks$/,
    ],
    [
      'an exclude of a platform that is not tested',
      '    exclude:',
      '    platforms: [linux]\n    exclude:',
      /^f:15:9: .*excludes nothing: musl is none of its platforms$/,
    ],
    [
      'an exclude of a platform without a runtime',
      exclude,
      '{trunk: lua/master, platform: mac}',
      /excludes nothing: the trunk lua\/master has no runtime for the platform mac$/,
    ],
    [
      'an exclude twice',
      exclude,
      `${exclude}\n      - ${exclude}`,
      /^f:15:9: projects\.json\.exclude\[1\]: stands here twice$/,
    ],
    [
      'an exclude of all',
      exclude,
      `${exclude}\n      - {trunk: lua/master, platform: linux}`,
      /^f:13:5: projects\.json\.exclude: excludes all of this project$/,
    ],
    [
      'an exclude of all of a trunk',
      '[lua/master]\n    exclude:',
      '[lua/master, lua/v5]\n    platforms: [musl]\n    exclude:',
      /^f:14:5: projects\.json\.exclude: excludes all of the trunk lua\/master; leave it out of trunks$/,
    ],
    [
      'an include of what is there',
      include,
      '{trunk: lua/master, platform: linux}',
      /^f:16:9: projects\.json\.include\[0\]: includes nothing: it is one of trunks on one of platforms already$/,
    ],
    [
      'an include of what is excluded',
      include,
      exclude,
      /^f:16:9: projects\.json\.include\[0\]: stands in exclude as well$/,
    ],
    [
      'an include without a runtime',
      include,
      '{trunk: lua/v5, platform: mac}',
      /^f:16:9: .*the trunk lua\/v5 has no runtime for the platform mac; it has one for linux, musl$/,
    ],
    [
      'a step on an unknown platform',
      'platforms: [linux]}',
      'platforms: [linux, mcu]}',
      /^f:19:62: projects\.json\.steps\[1\]\.platforms: an unknown platform: .*came "mcu"/,
    ],
    [
      'a step on a platform that its project has not',
      'platforms: [linux]}',
      'platforms: [linux, musl]}',
      /^f:19:62: projects\.json\.steps\[1\]\.platforms: nothing of this is built on the platform musl$/,
    ],
    [
      'a step on a platform that its upstream has not',
      '- build: make',
      '- build: make\n      - {name: mac, run: make, platforms: [mac]}',
      /^f:10:44: upstreams\.lua\.steps\[1\]\.platforms: nothing of this is built on the platform mac$/,
    ],
    [
      'a platform without a step',
      '- build: make',
      '- {name: build, run: make, platforms: [linux]}',
      /^f:8:5: upstreams\.lua\.steps: no step is left for the platform musl$/,
    ],
    [
      'a list of no platforms',
      '- build: make',
      '- {name: build, run: make, platforms: []}',
      /^f:9:34: upstreams\.lua\.steps\[0\]\.platforms: an empty list/,
    ],
  ];
  for (const [what, from, to, error] of cases) {
    it(`${what}: one error, with its place`, () => {
      assert.ok(good.includes(from));
      const errors = errorsIn(good.replace(from, to));
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', error);
    });
  }

  it('is not told of again where its trunk is unknown', () => {
    const text = good.replace('trunks: [lua/master]', 'trunks: [lua/mastre]');

    assert.deepEqual(
      errorsIn(text).map((error) => error.split(': ').slice(1, 3).join(': ')),
      ['projects.json.trunks: an unknown trunk'],
    );
  });
});

function errorsIn(text: string): string[] {
  const reading = readFarmText(text, 'f');
  return reading.ok ? [] : reading.errors.map(farmErrorLine);
}
