import assert from 'node:assert/strict';
import type { Farm } from '@weir/model';
import { describe, it } from 'mocha';
import { readFarmText } from '../../src/farm/read-farm-file.ts';

const smallest = `
farm: Lua farm
platforms:
  linux: [linux, x64]
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {}}
    steps:
      - build: make
projects:
  json:
    trunks: [lua/master]
    steps:
      - test: lua test.lua
`;

describe('reading a farm file', () => {
  it('fills in all defaults', () => {
    const farm = read(smallest);

    assert.equal(farm.name, 'Lua farm');
    assert.equal(farm.publicUrl, null);
    assert.equal(farm.workerUrl, null);
    assert.deepEqual(farm.upstreams.get('lua'), {
      name: 'lua',
      repository: 'https://git.example/lua',
      trunks: new Map([
        [
          'master',
          {
            name: 'master',
            branch: 'master',
            pollMs: 60_000,
            stableForMs: 30_000,
            maxWaitMs: 600_000,
          },
        ],
      ]),
      platforms: ['linux'],
      tier: 2,
      env: {},
      steps: [
        {
          name: 'build',
          run: 'make',
          network: false,
          install: false,
          timeoutMs: 1_200_000,
          silenceMs: 600_000,
        },
      ],
      maxParallel: null,
      schedule: [],
      tests: { mayVanishPercent: 10, maySkipPercent: 10 },
    });
    assert.deepEqual(farm.limits, {
      logBytes: 256 * 2 ** 20,
      diskBytes: 4 * 2 ** 30,
      memoryBytes: 2 * 2 ** 30,
      processes: 512,
      fileBytes: 2 ** 30,
      artifactBytes: 4 * 2 ** 30,
      maxAttempts: 3,
      reattachWithinMs: 1_800_000,
      eventRetentionMs: 30 * 86_400_000,
      missingAfterMs: 90 * 60_000,
      minFreeBytes: 1024 ** 3,
    });
  });

  it('gives a project the platforms of its upstreams, and no repository where it names none', () => {
    const project = read(smallest).projects.get('json');

    assert.equal(project?.repository, null);
    assert.equal(project?.branch, 'main');
    assert.deepEqual(project?.platforms, ['linux']);
  });

  it('reads every key', () => {
    const farm = read(`
farm: All
public-url: https://weir.example.org/
worker-url: wss://weir.example.org:8011/
platforms: {a: [linux, big-disk], b: [macos]}
upstreams:
  lua:
    repository: git@git.example:lua/lua.git
    trunks:
      v5.4: {branch: release/5.4, poll: 10m, stable-for: 0s, max-wait: 2h}
    platforms: [a]
    tier: 1
    env: {CC: clang, EMPTY: ""}
    max-parallel: 2
    steps:
      - name: build
        run: |
          make
          make install
        timeout: 2h
        silence: 5m
        network: true
        install: true
projects:
  json:
    repository: ssh://git@git.example/json
    branch: dev
    poll: 5m
    stable-for: 1m
    max-wait: 1d
    trunks: [lua/v5.4]
    platforms: [a]
    tier: 3
    env: {A: b}
    only-if-changed: [src/**, "*.lua"]
    max-parallel: 1
    tests: {may-vanish: 12.5%, may-skip: 0%}
    expected-failures: [{test: "json.*", issue: "https://git.example/json/1?a=b#c", until: 2027-01-31}]
    steps: [{test: lua test.lua}]
limits: {log: 1MiB, disk: 1GiB, memory: 512MiB, processes: 64, file: 1MiB, max-attempts: 5, event-retention: 7d}
remotes:
  git@git.example:lua/lua.git: ../lua.git
`);

    assert.equal(farm.publicUrl, 'https://weir.example.org');
    assert.equal(farm.workerUrl, 'wss://weir.example.org:8011/worker');
    const lua = farm.upstreams.get('lua');
    assert.equal(lua?.repository, 'ssh://git@git.example/lua/lua.git');
    assert.deepEqual(lua.env, { CC: 'clang', EMPTY: '' });
    assert.equal(lua.maxParallel, 2);
    assert.deepEqual(lua.trunks.get('v5.4'), {
      name: 'v5.4',
      branch: 'release/5.4',
      pollMs: 600_000,
      stableForMs: 0,
      maxWaitMs: 7_200_000,
    });
    assert.deepEqual(lua.steps, [
      {
        name: 'build',
        run: 'make\nmake install\n',
        network: true,
        install: true,
        timeoutMs: 7_200_000,
        silenceMs: 300_000,
      },
    ]);
    const json = farm.projects.get('json');
    assert.equal(json?.branch, 'dev');
    assert.deepEqual(json.onlyIfChanged, ['src/**', '*.lua']);
    assert.equal(json.tier, 3);
    assert.deepEqual(json.tests, { mayVanishPercent: 12.5, maySkipPercent: 0 });
    assert.deepEqual(json.expectedFailures, [
      { test: 'json.*', issue: 'https://git.example/json/1?a=b#c', until: '2027-01-31' },
    ]);
    assert.equal(farm.limits.maxAttempts, 5);
    assert.deepEqual(
      farm.remotes,
      new Map([['ssh://git@git.example/lua/lua.git', '/srv/lua.git']]),
    );
  });

  it('keeps text as it stands: 3.10 is no number, and no is no truth value', () => {
    const farm = read(
      smallest.replace('master: {}', '3.10: {branch: no}').replace('lua/master', 'lua/3.10'),
    );

    assert.equal(farm.upstreams.get('lua')?.trunks.get('3.10')?.branch, 'no');
  });

  it('reads the same whatever a %YAML directive says', () => {
    const farm = read(
      `%YAML 1.1\n---\n${smallest.replace('master: {}', '010: {branch: yes}').replace('lua/master', 'lua/010')}`,
    );

    assert.equal(farm.upstreams.get('lua')?.trunks.get('010')?.branch, 'yes');
  });

  it('lets the command line name local repositories, and win over the file', () => {
    const remotes = new Map([['https://git.example/lua', '/mirror/lua']]);
    const text = `${smallest}remotes: {https://git.example/lua: lua.git}\n`;

    const reading = readFarmText(text, '/srv/farm/farm.yaml', { remotes });

    assert.ok(reading.ok);
    assert.deepEqual(reading.farm.remotes, remotes);
  });

  it('leaves the path of a worker-url as a proxy has it', () => {
    const farm = read(`${smallest}worker-url: wss://weir.example.org/weir/links\n`);

    assert.equal(farm.workerUrl, 'wss://weir.example.org/weir/links');
  });

  it('takes a path alone for a worker-url at the address of the pages', () => {
    const farm = read(`${smallest}worker-url: /worker\n`);

    assert.equal(farm.workerUrl, '/worker');
  });

  it('takes a local repository that remotes names', () => {
    const text = smallest.replace('https://git.example/lua', 'file:///srv/lua.git');

    assert.ok(readFarmText(`${text}remotes: {"file:///srv/lua.git": /srv/lua.git}\n`, 'f').ok);
    assert.ok(readFarmText(text, 'f', { remotes: new Map([['file:///srv/lua.git', '/x']]) }).ok);
    assert.ok(!readFarmText(text, 'f').ok);
  });

  it('takes a step in short form whatever its name', () => {
    const farm = read(smallest.replace('- build: make', '- install: make install'));

    const [step] = farm.upstreams.get('lua')?.steps ?? [];
    assert.equal(step?.name, 'install');
    assert.equal(step.run, 'make install');
    assert.equal(step.install, false);
  });

  it('does not take a key of the language for an option', () => {
    const farm = read(smallest.replace('- build: make', '- constructor: make'));

    assert.equal(farm.upstreams.get('lua')?.steps[0]?.name, 'constructor');
    assert.ok(!readFarmText(`${smallest}constructor: 1\ntoString: 2\n`, 'f').ok);
  });
});

function read(text: string): Farm {
  const reading = readFarmText(text, '/srv/farm/farm.yaml');
  assert.ok(reading.ok, JSON.stringify(reading, null, 2));
  return reading.farm;
}
