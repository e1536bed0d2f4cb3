import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const weir = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

export interface ServiceOptions {
  /** Arguments of `weir`; asked for at each start. */
  readonly args: () => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What it says goes here. */
  readonly log: string;
  readonly heard?: (line: string) => void;
}

/** A service manager tries again after so long. */
const restartMs = 500;

/** A program of Weir as a service manager runs it: whenever it ends, it is started again. */
export class Service implements AsyncDisposable {
  readonly #options: ServiceOptions;
  #process: ChildProcess | undefined;
  #isWanted = true;
  #running: Promise<void> = Promise.resolve();
  #isDown = false;
  starts = 0;
  /** Ends that nobody had caused. */
  readonly crashes: string[] = [];
  #isExpected = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  get pid(): number | undefined {
    const child = this.#process;
    return child?.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /** Ends the process; it stays down until `revive`. False when it does not run. */
  end(signal: 'SIGKILL' | 'SIGTERM'): boolean {
    if (this.pid === undefined) return false;
    this.#isExpected = true;
    this.#isDown = true;
    this.#process?.kill(signal);
    return true;
  }

  revive(): void {
    this.#isDown = false;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) this.#process?.kill(signal);
  }

  /** Ends it for good; with SIGKILL if it does not go by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isWanted = false;
    this.#isDown = false;
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    const patience = setTimeout(() => this.signal('SIGKILL'), 15_000);
    await this.#running;
    clearTimeout(patience);
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.starts += 1;
      const how = await this.#once();
      if (this.#isWanted && !this.#isExpected) this.crashes.push(how);
      this.#isExpected = false;
      while (this.#isWanted && this.#isDown) await sleep(50);
      if (this.#isWanted) await sleep(restartMs);
    }
  }

  /** One life of the process: how it ended. */
  async #once(): Promise<string> {
    const { args, env, log, heard } = this.#options;
    const child = spawn(process.execPath, [weir, ...args()], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = child;
    let last = '';
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        last = line;
        appendFileSync(log, `${line}\n`);
        heard?.(line);
      });
    }
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    return `${args()[0]} ended (${signal ?? code}): ${last}`;
  }
}
