import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, watch } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { slotPaths } from '../../packages/worker/src/runner/paths.ts';
import { findProcesses } from '../../packages/worker/test/runner/processes.ts';
import type { FarmProcess } from './farm-process.ts';
import { weir } from './weir-program.ts';

export interface WorkerOptions {
  readonly farm: FarmProcess;
  readonly name: string;
  readonly slots?: number;
  readonly sandbox?: 'bubblewrap' | 'none';
  /** Whether it looks for a container engine, which takes its time. Default: no. */
  readonly containers?: boolean;
  /** Granted when it is accepted. */
  readonly labels?: readonly string[];
  /** Added to the agent's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `weir worker join`. */
  readonly args?: readonly string[];
  /** Web address to join by, when it is not the farm's own. */
  readonly url?: string;
  /** One in the farm's own folder when absent. */
  readonly dataDir?: string;
}

/** A worker's agent as a process of its own. */
export class WorkerProcess implements AsyncDisposable {
  readonly name: string;
  readonly dataDir: string;
  /** Resolves with its fingerprint as soon as it knows it. */
  readonly asked: Promise<string>;
  /** What the agent has said. */
  output = '';
  readonly #heard = new Set<() => void>();
  readonly #slots: number;
  readonly #env: Readonly<Record<string, string>>;
  #process: ChildProcess;

  constructor({
    farm,
    name,
    slots = 1,
    sandbox = 'none',
    containers = false,
    args = [],
    env = {},
    url = farm.url,
    dataDir = join(farm.dir, name),
  }: WorkerOptions) {
    this.name = name;
    this.#env = env;
    this.#slots = slots;
    this.dataDir = dataDir;
    const command = ['worker', 'join', url, '--name', name, '--slots', String(slots)];
    command.push('--data', this.dataDir, '--sandbox', sandbox, '--min-free', '0.01', '--json');
    if (!containers) command.push('--no-containers');
    for (const [address, path] of farm.remotes) command.push('--remote', `${address}=${path}`);
    const asked = Promise.withResolvers<string>();
    this.#process = this.#spawn([...command, ...args], (line) => {
      if (line.startsWith('{')) {
        asked.resolve((JSON.parse(line) as { fingerprint: string }).fingerprint);
      }
    });
    this.#process.once('exit', () => asked.reject(new Error(`worker ${name}: ${this.output}`)));
    this.asked = asked.promise;
    this.asked.catch(() => {});
  }

  /** Resolves once the agent has said this. */
  async said(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#heard.add(resolve);
      });
    }
  }

  /** Resolves with the exit status. */
  async exited(): Promise<number | null> {
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
    return this.#process.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** kill -9 of the agent alone: its runners go on. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }

  /** kill -9 of the runner that has this build: agent and other slots go on. */
  killRunnerOf(build: number): void {
    const slot = this.#slotDirs().find((dir) => specOf(dir)?.build === build);
    const [pid] = slot === undefined ? [] : findProcesses(slot);
    if (pid === undefined) throw new Error(`no runner of ${this.name} has build ${build}`);
    process.kill(pid, 'SIGKILL');
  }

  /** Somebody makes room in the wrong folder: what there is of this build goes, and its runner stays. */
  loseFilesOf(build: number): void {
    const slot = this.#slotDirs().find((dir) => specOf(dir)?.build === build);
    if (slot === undefined) throw new Error(`${this.name} does not have build ${build}`);
    rmSync(slotPaths(slot).build, { recursive: true });
  }

  /** Resolves when the build has come to its end here, whether the farm knows or not. */
  async finished(build: number): Promise<void> {
    const slot = this.#slotDirs().find((dir) => specOf(dir)?.build === build);
    if (slot === undefined) throw new Error(`${this.name} does not have build ${build}`);
    const { journal } = slotPaths(slot);
    const watcher = watch(journal);
    while (!readFileSync(journal, 'utf8').includes('"build-finished"')) {
      await once(watcher, 'change');
    }
    watcher.close();
  }

  #slotDirs(): string[] {
    return Array.from({ length: this.#slots }, (_, slot) =>
      join(this.dataDir, 'slots', String(slot)),
    );
  }

  /** Runs the agent again, as `weir worker run`, with further arguments. What it said before is forgotten. */
  restart(...args: string[]): void {
    this.output = '';
    this.#process = this.#spawn(['worker', 'run', '--data', this.dataDir, ...args], () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    // The runners outlive their agent: they are told to end by their sockets.
    await Promise.all(
      Array.from({ length: this.#slots }, (_, slot) =>
        endRunner(join(this.dataDir, 'slots', String(slot), 'runner.sock')),
      ),
    );
  }

  #spawn(args: readonly string[], onLine: (line: string) => void): ChildProcess {
    const child = spawn(process.execPath, [weir, ...args], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const hear = (line: string): void => {
      this.output += `${line}\n`;
      onLine(line);
      for (const wake of this.#heard) wake();
      this.#heard.clear();
    };
    createInterface({ input: child.stdout }).on('line', hear);
    createInterface({ input: child.stderr }).on('line', hear);
    return child;
  }
}

async function endRunner(path: string): Promise<void> {
  const socket = connect(path);
  const closed = Promise.withResolvers<void>();
  socket.on('error', () => closed.resolve());
  socket.on('close', () => closed.resolve());
  socket.on('connect', () => socket.write(`${JSON.stringify({ t: 'exit' })}\n`));
  socket.resume();
  await closed.promise;
}

/** What the slot in this folder builds. */
function specOf(slot: string): { build: number } | undefined {
  try {
    return JSON.parse(readFileSync(slotPaths(slot).spec, 'utf8')) as { build: number };
  } catch {
    return undefined;
  }
}
