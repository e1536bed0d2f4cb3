import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { needs } from '../../../../test/support/needs.ts';
import type { ProcessPlatform, StepProcess } from '../../src/process/contract.ts';
import { linuxPlatform } from '../../src/process/linux.ts';
import { specOf } from '../runner/test-slot.ts';

const { limits } = specOf([]);
const { signals } = constants;

describe('the steps of a slot', () => {
  let dir: string;
  let platform: ProcessPlatform;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'weir-steps-'));
    platform = linuxPlatform();
  });
  afterEach(async () => {
    await platform.close();
    rmSync(dir, { recursive: true });
  });

  function spawn(script: string, more: { isContained?: true; memoryBytes?: number } = {}) {
    const { isContained = false, memoryBytes = limits.memoryBytes } = more;
    const env = { PATH: process.env['PATH'] ?? '' };
    return platform.spawnStep(
      { file: 'sh', args: ['-c', script], cwd: dir, env, isContained },
      { limits: { ...limits, memoryBytes }, mark: `s-${process.pid}`, output: join(dir, 'output') },
    );
  }

  async function end(step: StepProcess, onOutput: () => void = () => {}) {
    let printed = '';
    step.output.read((chunk) => {
      printed += Buffer.from(chunk).toString();
      onOutput();
    });
    const exit = await step.exited;
    await step.killTree();
    await step.output.ended;
    return { ...exit, printed, ...step.limitHits() };
  }

  it('are not ended by what ended the one before', async () => {
    for (let n = 0; n < 30; n++) {
      const killed = await spawn('for n in 1 2 3 4 5 6 7 8 9; do sleep 60 & done; wait');
      // As a timer does that ends a step: it waits for nothing.
      const killing = killed.killTree();
      await end(killed);

      const { code, printed } = await end(await spawn('sleep 0.01; echo whole'));

      assert.deepEqual([code, printed], [0, 'whole\n'], `after ${n} others`);
      await killing;
    }
  });

  it('are not given to a shell that was killed with the one before', async () => {
    for (let n = 0; n < 10; n++) {
      const quick = await spawn('true');
      // Its end, and that of its shell, are heard of together.
      for (const until = performance.now() + 30; performance.now() < until;);
      void quick.killTree();
      await end(quick);

      assert.equal((await end(await spawn('echo next'))).printed, 'next\n');
    }
  });

  it('end though bubblewrap could not say all that it says of itself', async () => {
    const step = await spawn(`printf '{ "child-pid": 12' >&3; kill -KILL $$`, {
      isContained: true,
    });

    const { code, hasRun } = await end(step);

    assert.deepEqual([code, hasRun], [137, true]);
  });

  it('can be ended though they stopped the shell that began them', async () => {
    const stopped = await spawn('kill -STOP $PPID; echo done');
    await end(stopped, () => void stopped.killTree());

    assert.equal((await end(await spawn('echo next'))).printed, 'next\n');
  });

  it('have all the memory that they may, whatever the one before left in files', async function () {
    needs(this, 'root');
    const file = join('/dev/shm', `weir-left-${process.pid}`);
    const memoryBytes = 64 * 1024 ** 2;
    const fill = (name: string): string => `head -c 45000000 /dev/zero > ${name}; echo $?`;
    try {
      assert.equal((await end(await spawn(fill(`${file}-1`), { memoryBytes }))).printed, '0\n');

      const { printed, memory } = await end(await spawn(fill(`${file}-2`), { memoryBytes }));

      assert.deepEqual([printed, memory], ['0\n', false]);
    } finally {
      for (const n of [1, 2]) rmSync(`${file}-${n}`, { force: true });
    }
  });

  it('may have more memory than the one before', async function () {
    needs(this, 'root');
    await end(await spawn('true', { memoryBytes: 64 * 1024 ** 2 }));

    const more = await spawn('head -c 100000000 /dev/zero | tail -c 90000000 | wc -c');

    assert.equal((await end(more)).printed, '90000000\n');
  });

  it('may send signals to their whole process group, and live on', async () => {
    const some = ['HUP', 'INT', 'QUIT', 'ABRT', 'ALRM', 'TERM', 'USR1', 'PIPE', 'PROF'] as const;
    for (const signal of some) {
      const { code, signal: by } = await end(await spawn(`sleep 60 & kill -${signal} 0; wait`));
      assert.deepEqual([code, by], [128 + signals[`SIG${signal}`], null], signal);

      const ignoring = await end(await spawn(`trap "" ${signal}; kill -${signal} 0; exit 5`));
      assert.equal(ignoring.code, 5, signal);
    }
  });

  it('end their shell with themselves when they kill their whole process group', async () => {
    const { signal, hasRun } = await end(await spawn('kill -KILL 0'));

    assert.deepEqual([signal, hasRun], ['SIGKILL', true]);
    assert.equal((await end(await spawn('echo next'))).printed, 'next\n');
  });

  it('ignore no signal, and have nothing of the shell open', async () => {
    const script =
      'grep SigIgn /proc/self/status; ls /proc/$$/fd/3 /proc/$$/fd/4 2>/dev/null; echo';
    const { printed } = await end(await spawn(script));

    assert.match(printed, /^SigIgn:\t0+\n\n$/);
  });
});
