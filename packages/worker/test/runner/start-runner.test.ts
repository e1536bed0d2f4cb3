import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { startRunner } from '../../src/runner/start-runner.ts';
import { findProcesses } from './processes.ts';

describe('a runner that is started', () => {
  let data: string;
  let slot: string;
  const wallClock = Date.now;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'weir-start-'));
    slot = join(data, 'slots', '0');
  });
  afterEach(() => {
    Date.now = wallClock;
    rmSync(data, { recursive: true, force: true });
  });

  it('is started once more when it is killed before it answers', async () => {
    const starting = startRunner(slot, () => {});
    let [pid] = findProcesses(slot);
    for (; pid === undefined; [pid] = findProcesses(slot)) await nextTurn();
    process.kill(pid, 'SIGKILL');

    const runner = await starting;

    assert.notEqual(findProcesses(slot)[0], pid);
    runner.exit();
    await runner.closed;
  });

  it('is waited for though the wall clock jumps', async () => {
    let looks = 0;
    Date.now = () => wallClock() + 3_600_000 * looks++;

    const runner = await startRunner(slot, () => {});

    runner.exit();
    await runner.closed;
  });

  it('is given up at once when it ends by itself, and says where its words are', async () => {
    const first = await startRunner(slot, () => {});
    first.close();
    // Its lock is taken, and nobody finds it.
    rmSync(join(slot, 'runner.sock'));

    await assert.rejects(
      startRunner(slot, () => {}),
      /does not answer: see .*runner\.log/,
    );

    for (const pid of findProcesses(slot)) process.kill(pid, 'SIGKILL');
  });
});
