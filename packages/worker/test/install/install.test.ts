import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { WorkerService } from '../../src/install/contract.ts';
import type { Machine } from '../../src/install/install.ts';
import { runInstall } from '../../src/install/install.ts';
import { writeConfig } from '../../src/join/config.ts';
import { JoinError } from '../../src/join/find-farm.ts';
import { openControl } from '../../src/owner/control.ts';

describe('a worker that is installed', () => {
  let dir: string;
  let unit: string;
  let asked: WorkerService[];
  let ran: string[];
  let said: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-install-'));
    unit = join(dir, 'units', 'w1.service');
    asked = [];
    ran = [];
    said = '';
    writeConfig(dir, {
      farm: 'https://farm.example',
      workerUrl: 'wss://farm.example/worker',
      farmKey: `SHA256:${'A'.repeat(43)}`,
      name: 'w1',
      owner: '',
      slots: 1,
      remotes: {},
      onlyUpstreams: [],
      onlyProjects: [],
      containers: true,
      minFreeBytes: 0,
      runtimeBytes: 0,
      quietHours: [],
      paused: null,
      isPauseUnsaid: false,
    });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function run(
    word: string,
    args: string[] = [],
    changes: { obstacle?: string; status?: number } = {},
  ) {
    const { obstacle = null, status = 0 } = changes;
    const machine: Machine = {
      keeper: {
        name: 'a keeper',
        obstacle,
        plan(service) {
          asked.push(service);
          return {
            path: unit,
            text: 'the unit\n',
            start: [['keeper', 'start', 'w1']],
            stop: [['keeper', 'stop', 'w1']],
            hints: ['keeper show w1   how it is'],
          };
        },
      },
      run(command) {
        ran.push(command.join(' '));
        return status;
      },
      say: (text) => (said += text),
    };
    return runInstall(word, ['--data', dir, ...args], machine);
  }

  it('has its service written and started', async () => {
    assert.equal(await run('install'), 0);

    assert.equal(readFileSync(unit, 'utf8'), 'the unit\n');
    assert.deepEqual(ran, ['keeper start w1']);
    assert.match(said, /^w1 is kept running by a keeper: .*\n  keeper show w1   how it is/);
    const [service] = asked;
    assert.deepEqual([service?.name, service?.dataDir], ['w1', dir]);
    assert.match(service?.program[1] ?? '', /packages\/worker\/src\/main.ts$/);
  });

  it('is a service no more when that is taken back', async () => {
    await run('install');

    assert.equal(await run('uninstall'), 0);

    assert.equal(existsSync(unit), false);
    assert.deepEqual(ran, ['keeper start w1', 'keeper stop w1']);
    await assert.rejects(run('uninstall'), /it is not installed/);
  });

  it('can be shown before', async () => {
    assert.equal(await run('install', ['--dry-run']), 0);

    assert.equal(existsSync(unit), false);
    assert.deepEqual(ran, []);
    assert.match(said, /w1.service:\n\nthe unit\n\nthen:\nkeeper start w1$/);
  });

  it('is only shown where it can not be done', async () => {
    assert.equal(await run('install', [], { obstacle: 'no keeper runs here' }), 1);

    assert.equal(existsSync(unit), false);
    assert.match(said, /^Not done: no keeper runs here.\n\n.*:\n\nthe unit/);
  });

  it('does not run twice', async () => {
    await using _control = await openControl(dir, async () => ({
      isConnected: true,
      words: '',
      slots: 1,
      busy: 0,
      paused: null,
      isLeaving: false,
    }));

    await assert.rejects(run('install'), /a worker runs with .*: end it first/);

    assert.equal(existsSync(unit), false);
  });

  it('says which command failed', async () => {
    await assert.rejects(run('install', [], { status: 4 }), (error) => {
      assert.ok(error instanceof JoinError);
      assert.match(error.message, /'keeper start w1' ended with 4/);
      return true;
    });
  });

  it('tells scripts all of it', async () => {
    await run('install', ['--dry-run', '--json']);

    const { isDone, path, commands } = JSON.parse(said) as Record<string, unknown>;
    assert.deepEqual([isDone, path, commands], [false, unit, [['keeper', 'start', 'w1']]]);
  });
});
