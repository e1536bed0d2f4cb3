import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { farmErrorLine } from '../../src/farm/farm-file-error.ts';
import { readFarmText } from '../../src/farm/read-farm-file.ts';

const good = `farm: f
platforms:
  linux: [linux]
  mac: [macos]
upstreams:
  lua:
    repository: https://git.example/lua
    trunks:
      master: {}
    platforms: [linux]
    steps:
      - build: make
projects:
  json:
    repository: https://git.example/json
    trunks: [lua/master]
    steps:
      - test: lua test.lua
`;

describe('what is wrong in a farm file', () => {
  it('is nothing in the good one', () => assert.deepEqual(errorsIn(good), []));

  const cases: readonly [what: string, from: string, to: string, error: RegExp][] = [
    ['a missing key', 'farm: f\n', '', /^f:1:1: the key farm is missing: expected one line/],
    [
      'a misspelt key',
      'platforms: [linux]\n',
      'plaftorms: [linux]\n',
      /^f:10:5: upstreams\.lua\.plaftorms: an unknown key: expected one of .*; did you mean platforms\?$/,
    ],
    [
      'a key of each trunk that stands beside them',
      '    platforms: [linux]\n',
      '    poll: 10s\n',
      /^f:10:5: upstreams\.lua\.poll: an unknown key: .*; it belongs further down, within trunks$/,
    ],
    [
      'a key that several places know',
      'farm: f\n',
      'farm: f\nsteps: []\n',
      /^f:2:1: steps: an unknown key: .*; it belongs further down, within upstreams or projects$/,
    ],
    [
      'a limit outside of limits',
      'farm: f\n',
      'farm: f\ndisk: 1GiB\n',
      /^f:2:1: disk: an unknown key: .*; it belongs further down, within limits$/,
    ],
    [
      'submodules that are neither',
      '    trunks: [lua/master]\n',
      '    trunks: [lua/master]\n    checkout: {submodules: all}\n',
      /^f:17:28: projects\.json\.checkout\.submodules: a wrong value: expected true, false or recursive, came "all"$/,
    ],
    [
      'a depth of nothing',
      '    trunks: [lua/master]\n',
      '    trunks: [lua/master]\n    checkout: {depth: 0}\n',
      /^f:17:23: projects\.json\.checkout\.depth: a wrong value/,
    ],
    [
      'dependencies outside of the repository',
      '      - test: lua test.lua\n',
      '      - {name: test, run: lua test.lua, resolved: [../list.txt]}\n',
      /^f:18:52: projects\.json\.steps\[0\]\.resolved\[0\]: a wrong value: expected a path below the repository/,
    ],
    [
      'files of a report that nobody reads',
      '      - test: lua test.lua\n',
      '      - {name: test, run: lua test.lua, report-files: [a.xml]}\n',
      /^f:18:41: projects\.json\.steps\[0\]\.report-files: nothing says how these files are read: expected a key report beside it: one of junit, /,
    ],
    [
      'a key twice',
      'farm: f\n',
      'farm: f\nfarm: g\n',
      /^f:2:1: farm: the key "farm" stands here twice$/,
    ],
    [
      'a map for a list',
      'linux: [linux]',
      'linux: {linux: 1}',
      /^f:3:10: platforms\.linux: a wrong value: expected a list of labels, came a map$/,
    ],
    [
      'a text for a list',
      'linux: [linux]',
      'linux: linux',
      /came "linux"; did you mean \[linux\]\?$/,
    ],
    [
      'a list for a text',
      'farm: f',
      'farm: [f]',
      /^f:1:7: farm: a wrong value: expected one line of at most 100 characters, came a list$/,
    ],
    [
      'a list for a map',
      'trunks:\n      master: {}',
      'trunks: [master]',
      /^f:8:13: .*expected a map of trunks, came a list$/,
    ],
    [
      'no value',
      'master: {}',
      'master:',
      /^f:9:7: upstreams\.lua\.trunks\.master: no value: expected a map of branch, .*, came nothing$/,
    ],
    ['an empty list', 'linux: [linux]', 'linux: []', /^f:3:3: platforms\.linux: an empty list/],
    [
      'a name twice in a list',
      '[lua/master]',
      '[lua/master, lua/master]',
      /^f:16:26: projects\.json\.trunks\[1\]: "lua\/master" stands here twice$/,
    ],
    [
      'a name that is no name',
      'mac: ',
      'Mac OS: ',
      /^f:4:3: platforms\.Mac OS: a wrong name: .*; did you mean mac-os\?$/,
    ],
    [
      'a duration without a unit',
      'master: {}',
      'master: {poll: 60}',
      /expected a duration such as .*, came "60"; did you mean 60s\?$/,
    ],
    [
      'a percentage without its sign',
      'projects:\n  json:\n',
      'projects:\n  json:\n    tests: {may-vanish: 20}\n',
      /tests\.may-vanish: a wrong value: expected a percentage from 0% to 100%, came "20"; did you mean 20%\?$/,
    ],
    [
      'a percentage out of range',
      'projects:\n  json:\n',
      'projects:\n  json:\n    tests: {may-skip: 100.5%}\n',
      /from 0% to 100%, came "100\.5%"$/,
    ],
    [
      'an expected failure without an end',
      'projects:\n  json:\n',
      'projects:\n  json:\n    expected-failures: [{test: a, issue: "https://i.example/1"}]\n',
      /expected-failures\[0\]: the key until is missing: expected a day such as 2027-01-31$/,
    ],
    [
      'an expected failure until no day',
      'projects:\n  json:\n',
      'projects:\n  json:\n    expected-failures: [{test: a, issue: "https://i.example/1", until: 2027-02-30}]\n',
      /\.until: a wrong value: expected a day such as 2027-01-31, came "2027-02-30"$/,
    ],
    [
      'an expected failure without an issue',
      'projects:\n  json:\n',
      'projects:\n  json:\n    expected-failures: [{test: a, issue: "#7", until: 2027-02-03}]\n',
      /\.issue: a wrong value: expected the address of an issue, such as .*, came "#7"$/,
    ],
    ['a duration in words', 'master: {}', 'master: {poll: 10 minutes}', /did you mean 10m\?$/],
    ['a duration out of range', 'master: {}', 'master: {poll: 0s}', /from 1s to 7d, came "0s"$/],
    [
      'a size with a decimal unit',
      'farm: f',
      'farm: f\nlimits: {memory: 512MB}',
      /came "512MB"; did you mean 512MiB\?$/,
    ],
    [
      'a number that is none',
      'farm: f',
      'farm: f\nlimits: {processes: many}',
      /a whole number from 4 to 1000000, came "many"$/,
    ],
    [
      'a truth value of YAML 1.1',
      '- build: make',
      '- {name: build, run: make, network: yes}',
      /expected true or false, came "yes"; did you mean true\?$/,
    ],
    ['a tier that is none', 'platforms: [linux]', 'tier: 4', /expected 1, 2 or 3, came "4"$/],
    [
      'an unknown platform',
      'platforms: [linux]',
      'platforms: [lunix]',
      /^f:10:17: upstreams\.lua\.platforms: an unknown platform: expected one of linux, mac, came "lunix"; did you mean linux\?$/,
    ],
    [
      'an unknown trunk',
      '[lua/master]',
      '[lua/mastre]',
      /^f:16:14: projects\.json\.trunks: an unknown trunk: .*; did you mean lua\/master\?$/,
    ],
    [
      'a platform without a runtime',
      '    trunks: [lua/master]',
      '    trunks: [lua/master]\n    platforms: [linux, mac]',
      /no trunk of this project has a runtime for the platform mac$/,
    ],
    [
      'a second step of a name',
      '- build: make',
      '- build: make\n      - build: make',
      /^f:13:9: upstreams\.lua\.steps: a second step "build"$/,
    ],
    [
      'a step without a command',
      '- build: make',
      '- {name: build, timeout: 5m}',
      /^f:12:9: upstreams\.lua\.steps\[0\]: the key run is missing/,
    ],
    [
      'a variable of the farm',
      'platforms: [linux]',
      'env: {WEIR_RUNTIME: /}',
      /variables that begin with WEIR_ are set by the farm$/,
    ],
    [
      'a variable that is none',
      'platforms: [linux]',
      'env: {A-B: 1}',
      /upstreams\.lua\.env\.A-B: a wrong name/,
    ],
    [
      'an http repository',
      'https://git.example/lua',
      'http://git.example/lua',
      /did you mean https:\/\/git\.example\/lua\?$/,
    ],
    [
      'a transport helper',
      'https://git.example/lua',
      'ext::sh -c id',
      /upstreams\.lua\.repository: a wrong value/,
    ],
    [
      'an option as repository',
      'https://git.example/lua',
      '--upload-pack=id',
      /upstreams\.lua\.repository: a wrong value/,
    ],
    [
      'an option as host',
      'https://git.example/lua',
      'ssh://-oProxyCommand=id/x',
      /upstreams\.lua\.repository: a wrong value/,
    ],
    [
      'a password in a repository',
      'https://git.example/lua',
      'https://me:secret@git.example/lua',
      /leave out the credentials/,
    ],
    [
      'a local repository',
      'https://git.example/lua',
      '/srv/lua',
      /a local repository that remotes does not name: came "\/srv\/lua"; add it under remotes/,
    ],
    [
      'a remote of nothing',
      'farm: f',
      'farm: f\nremotes: {https://git.example/lau: x}',
      /nothing in this file uses: .*; did you mean https:\/\/git\.example\/lua\?$/,
    ],
    [
      'a branch that git refuses',
      'master: {}',
      'master: {branch: a..b}',
      /expected a branch of the repository/,
    ],
    [
      'an option as branch',
      'master: {}',
      'master: {branch: --output=x}',
      /expected a branch of the repository/,
    ],
    [
      'a full ref as branch',
      'master: {}',
      'master: {branch: refs/heads/dev}',
      /did you mean dev\?$/,
    ],
    [
      'an address of another kind',
      'farm: f',
      'farm: f\npublic-url: weir.example.org',
      /expected an address such as https:\/\/weir\.example\.org/,
    ],
    [
      'a credential in an address',
      'farm: f',
      'farm: f\nworker-url: wss://me@weir.example.org',
      /expected an address such as wss:/,
    ],
    [
      'a merge key',
      'json:\n',
      'json:\n    <<: {tier: 1}\n',
      /^f:15:5: projects\.json: a merge key \(<<\); a farm file has none: write out/,
    ],
    [
      'an alias',
      '[lua/master]',
      '*trunks',
      /^f:16:13: projects\.json\.trunks: an alias \(\*trunks\); a farm file has none/,
    ],
    ['a terminal escape in quotes', 'farm: f', 'farm: "f\\x1b[31m"', /^f:1:7: farm: a wrong value/],
    [
      'a file that is a list',
      good,
      '- 1\n',
      /^f:1:1: a wrong value: expected a map of farm, .*, came a list$/,
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

  it('is told all at once, in the order of the file', () => {
    const text = good
      .replace('farm: f', 'fram: f')
      .replace('[linux]', 'linux')
      .replace('master: {}', 'master: {poll: x, stable: 1s}')
      .replace('make', '""');

    assert.deepEqual(
      errorsIn(text).map((error) => error.split(': ').slice(0, 2).join(': ')),
      [
        'f:1:1: fram',
        'f:1:1: the key farm is missing',
        'f:3:10: platforms.linux',
        'f:9:22: upstreams.lua.trunks.master.poll',
        'f:9:25: upstreams.lua.trunks.master.stable',
        'f:12:16: upstreams.lua.steps[0].run',
      ],
    );
  });

  it('is not told again where something refers to it', () => {
    const text = good.replace(
      'lua:\n    repository: https://git.example/lua',
      'lua:\n    repository: 7',
    );

    assert.equal(errorsIn(text).length, 1);
  });

  it('is that a project has a runtime on none of its platforms', () => {
    const text = good.replace('[lua/master]', '[lua/master]\n    platforms: [mac]');

    assert.match(
      errorsIn(text).join('\n'),
      /the trunk lua\/master has a runtime for none of this project's platforms; it has one for linux/,
    );
  });
});

function errorsIn(text: string): string[] {
  const reading = readFarmText(text, 'f');
  return reading.ok ? [] : reading.errors.map(farmErrorLine);
}
