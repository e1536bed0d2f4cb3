import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { killPatienceMs, markVariable } from './contract.ts';
import type { ProcessPlatform, SpawnOptions, StepCommand, StepProcess } from './contract.ts';
import { killNow } from './kill-now.ts';
import { openOutputPipe } from './output-pipe.ts';
import { becomeCommand, limitsOfAll } from './step-script.ts';

const run = promisify(execFile);

/**
 * macOS, by its documentation: no test of ours has run there. A process that leaves its session
 * and whose parents have ended escapes: macOS has no control groups, and hides environments.
 */
export function darwinPlatform(): ProcessPlatform {
  return {
    limits: [
      'memory not limited',
      'processes by rlimit, counted per user',
      'file size and open files by rlimit',
      'disk by measuring the workspace',
    ],
    standBy() {},
    spawnStep,
    async sweep() {},
    async close() {},
  };
}

async function spawnStep(command: StepCommand, options: SpawnOptions): Promise<StepProcess> {
  const { writeFd, output } = openOutputPipe(options.output);
  try {
    const child = spawn('/bin/sh', ['-s'], {
      cwd: '/',
      env: { [markVariable]: options.mark },
      stdio: ['pipe', writeFd, writeFd],
      detached: true,
    });
    await once(child, 'spawn');
    const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    // It has ended: who waits for that is told.
    child.stdin?.on('error', () => {});
    child.stdin?.end(limitsOfAll + becomeCommand(command, options.limits));
    const { pid = 0 } = child;
    return {
      output,
      exited: exited.then(([code, signal]) => ({ code, signal, hasRun: true })),
      limitHits: () => ({ memory: false, processes: false }),
      killTree: () => killTree(pid),
    };
  } catch (error) {
    output.destroy();
    throw error;
  } finally {
    closeSync(writeFd);
  }
}

async function killTree(leader: number): Promise<void> {
  for (
    const deadline = performance.now() + killPatienceMs;
    performance.now() < deadline;
    await sleep(10)
  ) {
    const pids = await treeOf(leader);
    if (pids.length === 0) return;
    for (const pid of pids) killNow(pid);
  }
}

/** The processes of the leader's group and their descendants. */
async function treeOf(leader: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,pgid=,stat=']);
  const rows = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid, parent, group]) => ({
      pid: Number(pid),
      parent: Number(parent),
      group: Number(group),
    }));
  const tree = new Set(rows.filter(({ group }) => group === leader).map(({ pid }) => pid));
  for (let before = -1; before !== tree.size;) {
    before = tree.size;
    for (const { pid, parent } of rows) if (tree.has(parent)) tree.add(pid);
  }
  return [...tree];
}
