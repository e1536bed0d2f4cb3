import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { weir } from '../support/weir-program.ts';

export interface SupervisedOptions {
  /** Arguments of `weir`. */
  readonly args: () => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A file to which all that it writes is appended. */
  readonly log: string;
  /** Each line of its standard output. */
  readonly said?: (line: string) => void;
}

/** An end that was not ours: what a supervisor would restart it for. */
export interface OwnEnd {
  readonly at: number;
  readonly status: string;
}

/** As systemd has it with `Restart=always` and `RestartSec=1`. */
const restartMs = 1_000;
const stopMs = 60_000;

/** A command of Weir that is kept running, as by systemd, and ended and frozen as by nobody. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #pids: number[] = [];
  readonly #ownEnds: OwnEnd[] = [];
  readonly #deaths: number[] = [];
  readonly #firstEnd = Promise.withResolvers<OwnEnd>();
  #process: ChildProcess | undefined;
  /** An end is ours, and it is not started again by itself. */
  #isWanted = false;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** Of all its lives. */
  get pids(): readonly number[] {
    return this.#pids;
  }

  get ownEnds(): readonly OwnEnd[] {
    return this.#ownEnds;
  }

  /** Resolves when it ends by itself for the first time, if ever. */
  get firstEnd(): Promise<OwnEnd> {
    return this.#firstEnd.promise;
  }

  /** When it died, by whatever hand. */
  get deaths(): readonly number[] {
    return this.#deaths;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Starts it, if it does not run. */
  start(): void {
    this.#isWanted = true;
    if (this.#process !== undefined) return;
    const { args, env, log, said } = this.#options;
    this.#note(`started: weir ${args().join(' ')}`);
    const child = spawn(process.execPath, [weir, ...args()], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = child;
    if (child.pid !== undefined) this.#pids.push(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        appendFileSync(log, `${line}\n`);
        if (stream === child.stdout) said?.(line);
      });
    }
    child.once('exit', (code, signal) => this.#ended(child, signal ?? `status ${code}`));
  }

  /** kill -9. It stays down until `start`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM; resolves when it has ended, or had a minute for it. */
  async stop(): Promise<void> {
    const patience = new AbortController();
    await Promise.race([
      this.#end('SIGTERM'),
      sleep(stopMs, undefined, { signal: patience.signal }).catch(() => {}),
    ]);
    patience.abort();
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP');
    this.#note('frozen');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
    this.#note('thawed');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    // What is frozen hears no signal but the last.
    child.kill('SIGCONT');
    await exited;
  }

  #ended(child: ChildProcess, status: string): void {
    if (this.#process !== child) return;
    this.#process = undefined;
    this.#deaths.push(Date.now());
    this.#note(`ended: ${status}`);
    if (!this.#isWanted) return;
    const end = { at: Date.now(), status };
    this.#ownEnds.push(end);
    this.#firstEnd.resolve(end);
    this.#restart = setTimeout(() => this.start(), restartMs);
  }

  #note(what: string): void {
    appendFileSync(this.#options.log, `=== ${new Date().toISOString()} ${what}\n`);
  }
}
