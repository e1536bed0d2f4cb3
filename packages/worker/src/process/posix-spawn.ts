import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { BuildLimits } from '@weir/protocol';
import { markVariable } from './contract.ts';
import type { SpawnOptions, StepCommand, StepExit } from './contract.ts';
import { openOutputPipe } from './output-pipe.ts';

export interface PosixProcess {
  readonly pid: number;
  readonly output: Readable;
  readonly exited: Promise<StepExit>;
}

const openFiles = 4096;
/** Unit of `ulimit -f` in a POSIX shell. */
const blockBytes = 512;
/** Where a Linux machine runs out of memory, steps go before runner and agent: see `proc_pid_oom_score_adj(5)`. */
const oomScoreAdj = 500;

/**
 * Starts a command in a session of its own, under a shell that first enters the control groups
 * and sets the limits, then becomes the command: no process of the step is ever outside of them.
 *
 * @param joins Files into which a process writes 0 to enter a control group.
 */
export async function spawnPosix(
  command: StepCommand,
  { limits, mark, output: path }: SpawnOptions,
  joins: readonly string[],
): Promise<PosixProcess> {
  const { writeFd, output } = openOutputPipe(path);
  let child: ChildProcess;
  try {
    child = spawn(
      '/bin/sh',
      ['-c', prologue(limits, joins), 'weir-step', command.file, ...command.args],
      {
        cwd: command.cwd,
        env: { ...command.env, [markVariable]: mark },
        stdio: ['ignore', writeFd, writeFd, command.isContained ? 'pipe' : 'ignore'],
        detached: true,
      },
    );
    await once(child, 'spawn');
  } catch (error) {
    output.destroy();
    throw error;
  } finally {
    closeSync(writeFd);
  }
  return { pid: child.pid ?? 0, output, exited: exitOf(child, command.isContained) };
}

function prologue(limits: BuildLimits, joins: readonly string[]): string {
  const enter = joins.map((path) => `echo 0 > '${path.replaceAll("'", `'\\''`)}' || exit 125`);
  return [
    ...enter,
    `{ echo ${oomScoreAdj} > /proc/self/oom_score_adj; } 2>/dev/null`,
    'ulimit -c 0',
    `ulimit -n ${openFiles} 2>/dev/null`,
    `ulimit -f ${Math.ceil(limits.fileBytes / blockBytes)}`,
    // bash says -u, dash says -p. It counts per user, and root is exempt.
    process.getuid?.() === 0
      ? ''
      : `{ ulimit -u ${limits.processes} || ulimit -p ${limits.processes}; } 2>/dev/null`,
    'exec "$@"',
  ].join('\n');
}

async function exitOf(child: ChildProcess, isContained: boolean): Promise<StepExit> {
  let status = '';
  child.stdio[3]?.on('data', (chunk: Buffer) => (status += chunk.toString()));
  const [code, signal] = (await once(child, isContained ? 'close' : 'exit')) as [
    number | null,
    NodeJS.Signals | null,
  ];
  const hasRun = !isContained || signal !== null || status.includes('"exit-code"');
  return { code, signal, hasRun };
}
