import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { BuildLimits } from '@weir/protocol';
import { markVariable } from './contract.ts';
import type { StandByOptions, StepCommand, StepExit } from './contract.ts';
import { openOutputPipe } from './output-pipe.ts';

const openFiles = 4096;
/** Unit of `ulimit -f` in a POSIX shell. */
const blockBytes = 512;
/** Where a Linux machine runs out of memory, steps go before runner and agent: see `proc_pid_oom_score_adj(5)`. */
const oomScoreAdj = 500;
/** bash keeps some for itself. */
const variableName = /^(?!(?:BASHOPTS|BASH_VERSINFO|EUID|PPID|SHELLOPTS|UID)$)[A-Za-z_]\w*$/;

type End = [code: number | null, signal: NodeJS.Signals | null];

/**
 * A shell in a session of its own that has entered its control groups, and becomes the command that
 * it is given: no process of a step is ever outside of the groups. It can stand by before there is a
 * command, as entering a group makes the kernel wait for all processors.
 */
export class StepShell {
  readonly pid: number;
  /** What it, and all that it becomes and starts, prints. */
  readonly output: Readable;
  readonly #child: ChildProcess;
  /** File descriptor 3, to its end. */
  #status = '';
  readonly #ended: Promise<End>;
  /** That, and no process has its file descriptor 3 open. */
  readonly #closed: Promise<End>;

  private constructor(child: ChildProcess, output: Readable) {
    this.pid = child.pid ?? 0;
    this.output = output;
    this.#child = child;
    this.#ended = once(child, 'exit') as Promise<End>;
    this.#closed = once(child, 'close') as Promise<End>;
    child.stdio[3]?.on('data', (chunk: Buffer) => (this.#status += chunk.toString()));
    // It has ended: who waits for that is told.
    child.stdin?.on('error', () => {});
  }

  /**
   * @param joins files into which a process writes 0 to enter a control group
   * @throws Error when there is no shell
   */
  static async start(
    { mark, output: path }: StandByOptions,
    joins: readonly string[],
  ): Promise<StepShell> {
    const { writeFd, output } = openOutputPipe(path);
    try {
      const child = spawn('/bin/sh', ['-s'], {
        cwd: '/',
        env: { [markVariable]: mark },
        stdio: ['pipe', writeFd, writeFd, 'pipe'],
        detached: true,
      });
      await once(child, 'spawn');
      const shell = new StepShell(child, output);
      for (const group of joins) child.stdin?.write(`echo 0 > ${quoted(group)} || exit 125\n`);
      return shell;
    } catch (error) {
      output.destroy();
      throw error;
    } finally {
      closeSync(writeFd);
    }
  }

  get isThere(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Becomes the command. Resolves when that has ended. */
  async run(command: StepCommand, limits: BuildLimits): Promise<StepExit> {
    const { isContained } = command;
    this.#child.stdin?.end(scriptOf(command, limits));
    const [code, signal] = await (isContained ? this.#closed : this.#ended);
    const hasRun = !isContained || signal !== null || this.#status.includes('"exit-code"');
    return { code, signal, hasRun };
  }
}

/** Sets the limits and the environment, then becomes the command; standard input is closed to it. */
function scriptOf({ file, args, cwd, env, isContained }: StepCommand, limits: BuildLimits): string {
  // Others a shell can neither export nor pass on.
  const variables = Object.entries(env).filter(([name]) => variableName.test(name));
  return [
    `{ echo ${oomScoreAdj} > /proc/self/oom_score_adj; } 2>/dev/null`,
    'ulimit -c 0',
    `ulimit -n ${openFiles} 2>/dev/null`,
    `ulimit -f ${Math.ceil(limits.fileBytes / blockBytes)}`,
    // bash says -u, dash says -p. It counts per user, and root is exempt.
    process.getuid?.() === 0
      ? ''
      : `{ ulimit -u ${limits.processes} || ulimit -p ${limits.processes}; } 2>/dev/null`,
    `cd ${quoted(cwd)} || exit 125`,
    'unset PWD OLDPWD',
    ...variables.map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${[file, ...args].map(quoted).join(' ')} < /dev/null${isContained ? '' : ' 3>&-'}`,
    '',
  ].join('\n');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
