import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';
import { markVariable } from './contract.ts';
import type { ProcessPlatform, SpawnOptions, StepCommand, StepProcess } from './contract.ts';

const run = promisify(execFile);

/**
 * Windows, by its documentation: no test of ours has run there. `taskkill /T` follows the parents
 * that a process has now; one whose parent has ended escapes it.
 */
export function windowsPlatform(): ProcessPlatform {
  return {
    limits: ['memory not limited', 'processes not limited', 'disk by measuring the workspace'],
    standBy() {},
    spawnStep,
    async sweep() {},
    async close() {},
  };
}

async function spawnStep(command: StepCommand, { mark }: SpawnOptions): Promise<StepProcess> {
  const child = spawn(command.file, command.args, {
    cwd: command.cwd,
    env: { ...command.env, [markVariable]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  await once(child, 'spawn');
  const output = new PassThrough();
  const ended = once(output, 'end');
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(output, { end: false });
  child.once('close', () => output.end());
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    output: {
      read: (onChunk) => void output.on('data', onChunk),
      ended: ended.then(() => {}),
      destroy: () => void output.destroy(),
    },
    exited: exited.then(([code, signal]) => ({ code, signal, hasRun: true })),
    limitHits: () => ({ memory: false, processes: false }),
    async killTree() {
      // It fails when the process has ended already, which is what is asked for.
      await run('taskkill', ['/PID', String(child.pid), '/T', '/F']).catch(() => {});
    },
  };
}
