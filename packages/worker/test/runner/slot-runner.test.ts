import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import { detectPlatform } from '../../src/process/platform.ts';
import { connectRunner } from '../../src/runner/client.ts';
import { slotPaths } from '../../src/runner/paths.ts';
import { runRunner } from '../../src/runner/run-runner.ts';
import { SlotRunner } from '../../src/runner/slot-runner.ts';
import { countProcesses, findProcesses, uniqueSeconds } from './processes.ts';
import { specOf, stepOf, TestSlot } from './test-slot.ts';

async function killRunner(slot: TestSlot): Promise<void> {
  for (const pid of findProcesses(slot.dir)) process.kill(pid, 'SIGKILL');
  await slot.client.closed;
}

describe('a runner', () => {
  it('ends when nobody needs it, but not while an agent is there', async () => {
    const data = mkdtempSync(join(tmpdir(), 'weir-slot-'));
    const paths = slotPaths(join(data, 'slots', '0'));
    mkdirSync(paths.slot, { recursive: true });
    const runner = new SlotRunner(paths, detectPlatform(), 50);
    await runner.listen();
    let hasEnded = false;
    void runner.ended.then(() => (hasEnded = true));

    const agent = await connectRunner(paths.slot, () => {});
    await sleep(200);
    assert.equal(hasEnded, false);
    agent.close();
    await runner.ended;

    await runner.close();
    rmSync(data, { recursive: true });
  });

  it('does not start beside another in the same slot', async () => {
    await using slot = await TestSlot.start();

    await assert.rejects(runRunner(slot.dir), /has a runner already/);
  });

  it('takes no second build while it has one', async () => {
    await using slot = await TestSlot.start();
    slot.run(specOf([stepOf('echo ready; sleep 60')]), 'none');
    await slot.printed(0, 'ready');

    slot.run(specOf([stepOf('true')], { build: 2 }), 'none');
    slot.client.forget();
    slot.client.cancel('enough');
    await slot.until(({ finished }) => finished);

    await slot.until(({ build }) => build === 1);
  });

  it('begins empty after one that was killed, and ends what that one left running', async () => {
    await using slot = await TestSlot.start();
    const seconds = uniqueSeconds(7);
    slot.run(specOf([stepOf(`setsid sleep ${seconds} & echo ready; wait`)]), 'none');
    await slot.printed(0, 'ready');
    await killRunner(slot);
    assert.equal(countProcesses(seconds), 1);

    await slot.restart();

    await slot.until(({ build }) => build === null);
    assert.equal(countProcesses(seconds), 0);
    assert.equal(existsSync(slotPaths(slot.dir).build), false);
  });

  it('refuses a folder whose path is too long for its socket', () => {
    assert.throws(
      () => slotPaths(`/${'long/'.repeat(30)}slots/0`),
      /use a folder with a shorter path/,
    );
  });

  describe('with bubblewrap', () => {
    before(function () {
      needs(this, 'bwrap');
    });

    it('takes its sandbox with it when it is killed', async () => {
      await using slot = await TestSlot.start();
      const seconds = uniqueSeconds(8);
      slot.run(specOf([stepOf(`setsid sleep ${seconds} & echo ready; wait`)]), 'bubblewrap');
      await slot.printed(0, 'ready');

      await killRunner(slot);

      while (countProcesses(seconds) > 0) await sleep(5);
      await slot.restart();
    });
  });
});
