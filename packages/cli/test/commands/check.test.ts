import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const farm = `farm: Lua farm
platforms: {linux: [linux, x64]}
upstreams:
  lua:
    repository: https://git.example/lua
    trunks: {master: {stable-for: 1m, max-wait: 90m}}
    steps: [{build: make}, {install: make install}]
projects:
  json:
    repository: https://git.example/json
    trunks: [lua/master]
    tier: 1
    steps: [{test: lua test.lua}]
`;

describe('weir check', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'weir-check-'));
    await writeFile(join(dir, 'good.yaml'), farm);
    const over = '{test: old *, issue: "https://issues.example/8", until: 2020-01-31}';
    await writeFile(join(dir, 'over.yaml'), `${farm}    expected-failures: [${over}]\n`);
    await writeFile(
      join(dir, 'bad.yaml'),
      farm.replace('farm:', 'fram:').replace('tier: 1', 'tier: 9'),
    );
  });
  after(() => rm(dir, { recursive: true }));

  it('notes failures that are expected no more', async () => {
    const { status, stderr } = await check('over.yaml');

    assert.equal(status, 0);
    assert.match(stderr, /^note: json: old \* was expected to fail until 2020-01-31, and counts/);
  });

  it('prints the builders and the branches that a farm file means', async () => {
    const { status, stdout, stderr } = await check(
      'good.yaml',
      '--remote',
      'https://git.example/lua=/srv/lua',
    );

    assert.equal(status, 0);
    assert.equal(
      stdout,
      `Lua farm: 2 builders, 2 branches

BUILDER                KIND     LABELS     TIER  STEPS           TIMERS
lua/master/linux       runtime  linux x64  2     build, install  stable 1m, at most 90m
lua/master/json/linux  project  linux x64  1     test            stable 1m, at most 90m

BRANCH      FOLLOWS  REPOSITORY                                      POLL
lua/master  master   https://git.example/lua (served from /srv/lua)  1m
json        main     https://git.example/json                        1m
`,
    );
    assert.match(stderr, /^note: local repositories serve the master alone: .*--remote URL=PATH/);
  });

  it('prints them as JSON', async () => {
    const { status, stdout } = await check('good.yaml', '--json');

    assert.equal(status, 0);
    const answer = JSON.parse(stdout);
    assert.equal(answer.ok, true);
    assert.deepEqual(
      answer.builders.map((builder: { name: string; steps: string[] }) => [
        builder.name,
        builder.steps,
      ]),
      [
        ['lua/master/linux', ['build', 'install']],
        ['lua/master/json/linux', ['test']],
      ],
    );
    assert.equal(answer.branches[0].stableForMs, 60_000);
  });

  it('exits with 1 and all errors for a broken one', async () => {
    const { status, stdout, stderr } = await check('bad.yaml');

    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /bad\.yaml:1:1: error: fram: an unknown key/);
    assert.match(stderr, /bad\.yaml:12:11: error: projects\.json\.tier: a wrong value/);
    assert.match(stderr, /bad\.yaml: 3 errors\n$/);
  });

  it('gives the errors as JSON', async () => {
    const { status, stdout } = await check('bad.yaml', '--json');

    assert.equal(status, 1);
    const { ok, errors } = JSON.parse(stdout);
    assert.equal(ok, false);
    assert.deepEqual(
      errors.map((error: { line: number }) => error.line),
      [1, 1, 12],
    );
  });

  it('wants one file', async () => {
    assert.equal((await check()).status, 2);
    assert.equal((await check('good.yaml', 'bad.yaml')).status, 2);
  });

  function check(
    ...args: string[]
  ): Promise<{ status: number | null; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        [main, 'check', ...args],
        { cwd: dir },
        (_, stdout, stderr) => resolve({ status: child.exitCode, stdout, stderr }),
      );
    });
  }
});
