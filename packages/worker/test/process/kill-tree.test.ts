import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { linuxPlatform } from '../../src/process/linux.ts';
import { killStrays } from '../../src/process/proc-scan.ts';
import { countProcesses, uniqueSeconds } from '../runner/processes.ts';
import { specOf } from '../runner/test-slot.ts';

describe('killStrays', () => {
  it('ends who carries the mark, in whatever session, ignoring what it may', async () => {
    const seconds = uniqueSeconds(1);
    const child = spawn(
      'sh',
      ['-c', `trap "" TERM; setsid -f sleep ${seconds}; echo ready; sleep ${seconds}`],
      {
        env: { ...process.env, WEIR_SLOT: `mark-${process.pid}` },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    await once(child.stdout, 'data');

    await killStrays(`mark-${process.pid}`);

    assert.equal(countProcesses(seconds), 0);
  });

  it('ends who gave the mark away but is still in the session', async () => {
    const seconds = uniqueSeconds(2);
    const child = spawn('sh', ['-c', `env -i sleep ${seconds} & echo ready; wait`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');

    await killStrays('no such mark', child.pid);

    assert.equal(countProcesses(seconds), 0);
  });

  it('leaves everybody else alone', async () => {
    const child = spawn('sleep', ['600'], { env: { ...process.env, WEIR_SLOT: 'another' } });
    await once(child, 'spawn');

    await killStrays('anoth');

    assert.equal(child.exitCode, null);
    assert.equal(child.kill(0), true);
    child.kill('SIGKILL');
  });
});

describe('a tree in a control group', () => {
  before(function () {
    needs(this, 'root');
  });

  it('is ended although it left its session, its parents and its mark', async () => {
    const seconds = uniqueSeconds(3);
    const dir = mkdtempSync(join(tmpdir(), 'weir-tree-'));
    const script = `env -i setsid -f sleep ${seconds}; echo ready`;
    const platform = linuxPlatform();
    const tree = await platform.spawnStep(
      {
        file: 'sh',
        args: ['-c', script],
        cwd: dir,
        env: { PATH: process.env['PATH'] ?? '' },
        isContained: false,
      },
      { limits: specOf([]).limits, mark: `tree-${process.pid}`, output: join(dir, 'output') },
    );
    tree.output.read(() => {});
    await tree.exited;
    assert.equal(countProcesses(seconds), 1);

    await tree.killTree();
    await platform.close();

    assert.equal(countProcesses(seconds), 0);
    tree.output.destroy();
    rmSync(dir, { recursive: true });
  });
});
