import type { BuildLimits } from '@weir/protocol';

export interface StepCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * The command is bubblewrap: its end is the end of all that it started, and its JSON status
   * on file descriptor 3 says whether the step's script was run at all.
   */
  readonly isContained: boolean;
}

export interface SpawnOptions {
  /** Stands in the environment of every process of this slot, so that strays are found by it. */
  readonly mark: string;
  /** Path of the slot's named pipe. */
  readonly output: string;
  readonly limits: BuildLimits;
}

export interface StepExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** False when the sandbox could not be set up: nothing of the step's script was run. */
  readonly hasRun: boolean;
}

/** Limits that the step ran into. */
export interface LimitHits {
  /** The kernel ended one of its processes for memory. */
  readonly memory: boolean;
  readonly processes: boolean;
}

/** What the processes of a step print, standard output and error in the order printed. */
export interface StepOutput {
  /** Begins to read, once. A chunk is good until `onChunk` returns: the next one takes its place. */
  read(onChunk: (chunk: Uint8Array) => void): void;
  /** Resolves when all of it is read, and the last of the processes has closed it. */
  readonly ended: Promise<void>;
  /** Leaves it, whoever holds it still. */
  destroy(): void;
}

/** A step's process and all that it started. */
export interface StepProcess {
  readonly output: StepOutput;
  /** The end of the first process. Others of the tree may still be there. */
  readonly exited: Promise<StepExit>;
  limitHits(): LimitHits;
  /** Ends the whole tree at once, without a chance to refuse; resolves when nothing of it is left. */
  killTree(): Promise<void>;
}

/** How one operating system starts and ends steps. */
export interface ProcessPlatform {
  /** The limits that it can enforce here, in words. */
  readonly limits: readonly string[];
  /** Does for a slot's next step what can be done before it is known, unless that was done. No step runs there. */
  standBy(mark: string): void;
  /** One at a time. @throws Error when the process can't be started */
  spawnStep(command: StepCommand, options: SpawnOptions): Promise<StepProcess>;
  /** Ends what an earlier runner of this slot left behind. */
  sweep(mark: string): Promise<void>;
  /** Gives back what the machine lent, when no step runs any more. */
  close(): Promise<void>;
}

/** A process that outlives SIGKILL for so long hangs in the kernel: going on is all that is left. */
export const killPatienceMs = 10_000;

/** Name of the variable that carries a slot's mark. */
export const markVariable = 'WEIR_SLOT';
