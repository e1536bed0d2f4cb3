import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { BuildLimits } from '@weir/protocol';
import { markVariable } from './contract.ts';
import type { StepCommand, StepExit } from './contract.ts';
import { killNow } from './kill-now.ts';
import { becomeCommand, limitsOfAll, quoted } from './step-script.ts';

/** A shell that takes so long to begin a step is stopped, or hangs. */
const beginPatienceMs = 60_000;
/**
 * A step that is not sandboxed is in the shell's process group, and may send these to all of it
 * (`kill 0`), whatever it does with them itself. The names are POSIX's; others end the shell, too.
 */
const signals = 'HUP INT QUIT TRAP ABRT USR1 USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF SYS';

/** The step at hand. */
interface Step extends Pick<StepCommand, 'isContained'> {
  readonly started: PromiseWithResolvers<void>;
  readonly ended: PromiseWithResolvers<StepExit>;
}

/**
 * A shell in the slot's control groups that runs one step after another, each in a fork of itself: no
 * process of a step is ever outside of the groups. It is small, where a fork of this process would copy
 * the page tables of all its memory; and it enters the groups once, for which the kernel waits for all
 * processors.
 *
 * It reads what to do from its standard input, and says on file descriptor 3 `started` and
 * `ended CODE`; what bubblewrap says of itself comes there in between. File descriptor 4 is open for
 * as long as this process lives: when it closes, another fork ends the shell, and the step with it.
 */
export class SlotShell {
  readonly pid: number;
  readonly #child: ChildProcess;
  #isKilled = false;
  #step: Step | null = null;
  /** What was said since the step was begun. */
  #said = '';
  /** What the shell itself complained of last. */
  #complaint = '';

  private constructor(child: ChildProcess) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#complaint = chunk.toString().trim()));
    const words = child.stdio[3];
    words?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
      this.#listen();
    });
    child.once('exit', (code, signal) => {
      child.stdio[4]?.destroy();
      // What was said last may be heard only now.
      if (words?.closed === false) words.once('close', () => this.#ended(code, signal));
      else this.#ended(code, signal);
    });
    // It has ended: who waits for that is told.
    child.stdin?.on('error', () => {});
  }

  /**
   * @param mark stands in the environment of all that it starts
   * @param joins files into which a process writes 0 to enter a control group
   * @throws Error when there is no shell
   */
  static async start(mark: string, joins: readonly string[]): Promise<SlotShell> {
    const child = spawn('/bin/sh', ['-s'], {
      cwd: '/',
      env: { [markVariable]: mark },
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    await once(child, 'spawn');
    const shell = new SlotShell(child);
    child.stdin?.write(
      [
        `trap '' ${signals}`,
        '{ read -r end <&4; kill -KILL 0; } 3>&- & exec 4<&-',
        // Unlike what is ignored, this is not inherited by the steps.
        `trap : ${signals}`,
        limitsOfAll,
        ...joins.map((group) => `echo 0 > ${quoted(group)} || exit 125`),
        '',
      ].join('\n'),
    );
    return shell;
  }

  get isThere(): boolean {
    return !this.#isKilled && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /**
   * Begins a step, when the one before has ended. What it prints goes to the named pipe.
   *
   * @returns how it ended, once it has
   * @throws Error when it can't be begun
   */
  async begin(
    command: StepCommand,
    limits: BuildLimits,
    pipe: string,
  ): Promise<{ exited: Promise<StepExit> }> {
    const step: Step = {
      isContained: command.isContained,
      started: Promise.withResolvers(),
      ended: Promise.withResolvers(),
    };
    this.#step = step;
    this.#said = '';
    this.#complaint = '';
    this.#child.stdin?.write(stepInWords(command, limits, pipe));
    const patience = setTimeout(() => this.kill(), beginPatienceMs);
    try {
      await step.started.promise;
      return { exited: step.ended.promise };
    } finally {
      clearTimeout(patience);
    }
  }

  /** Ends it with its step, but for what has left its process group. */
  kill(): void {
    if (!this.isThere) return;
    killNow(-this.pid);
    // That it has ended is learnt later.
    this.#isKilled = true;
  }

  #listen(): void {
    if (this.#said.startsWith('started\n')) this.#step?.started.resolve();
    // What bubblewrap says before it may lack its end.
    const [, code] = /ended (\d+)\n/.exec(this.#said) ?? [];
    if (code !== undefined) this.#ended(Number(code), null);
  }

  /** The step, or the shell itself. */
  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    const step = this.#step;
    if (step === null) return;
    this.#step = null;
    const how = signal ?? `exit code ${code}`;
    const why = this.#complaint === '' ? how : `${how}: ${this.#complaint}`;
    step.started.reject(new Error(`the step was not begun (${why})`));
    // A shell says 128 and more of who was ended by a signal.
    const wasKilled = signal !== null || (code ?? 0) > 128;
    const hasRun = !step.isContained || wasKilled || this.#said.includes('"exit-code"');
    step.ended.resolve({ code, signal, hasRun });
  }
}

/**
 * One step, in words of the shell. Its fork is in the foreground: one in the background would ignore
 * interrupts, and so would the command.
 */
function stepInWords(command: StepCommand, limits: BuildLimits, pipe: string): string {
  return [
    '(',
    'echo started >&3 || exit 125',
    // bubblewrap is done with file descriptor 3 before it runs the script.
    becomeCommand(command, limits, command.isContained ? '' : '3>&-'),
    `) > ${quoted(pipe)} 2>&1`,
    'echo "ended $?" >&3',
    '',
  ].join('\n');
}
