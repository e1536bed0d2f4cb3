import { join } from 'node:path';
import { keyPath, writeConfig } from '../../packages/worker/src/join/config.ts';
import { openWorkerKey } from '../../packages/worker/src/link/worker-key.ts';
import { slotPaths } from '../../packages/worker/src/runner/paths.ts';
import { findProcesses } from '../../packages/worker/test/runner/processes.ts';
import { Line } from '../support/line.ts';
import type { JumpingClock, SmallDisk } from './machine.ts';
import { Supervised } from './supervised.ts';

export interface WorkerOptions {
  readonly name: string;
  readonly dataDir: string;
  readonly log: string;
  readonly slots: number;
  readonly farm: { readonly url: string; readonly key: string; readonly tlsPort: number };
  readonly remotes: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly disk: SmallDisk | undefined;
  readonly clock: JumpingClock | undefined;
}

/** A volunteer's machine: its agent, its slots' runners, and its own line to the farm. */
export class ChaosWorker implements AsyncDisposable {
  readonly name: string;
  readonly agent: Supervised;
  readonly line: Line;
  readonly disk: SmallDisk | undefined;
  readonly clock: JumpingClock | undefined;
  readonly fingerprint: string;
  readonly #slots: readonly string[];

  private constructor(options: WorkerOptions, line: Line) {
    const { name, dataDir, slots, disk, clock, env, log } = options;
    this.name = name;
    this.line = line;
    this.disk = disk;
    this.clock = clock;
    this.#slots = Array.from({ length: slots }, (_, slot) => join(dataDir, 'slots', String(slot)));
    this.fingerprint = openWorkerKey(keyPath(dataDir)).fingerprint;
    this.agent = new Supervised({
      args: () => ['worker', 'run', '--data', dataDir],
      env: { ...env, ...clock?.env },
      log,
    });
  }

  /** Starts it as one that has joined: it asks to be accepted. */
  static async start(options: WorkerOptions): Promise<ChaosWorker> {
    const { name, dataDir, slots, farm, remotes } = options;
    const line = await Line.start(() => farm.tlsPort);
    // What `weir worker join` writes down, but for the address: each worker has a line of its own.
    writeConfig(dataDir, {
      farm: farm.url,
      workerUrl: `wss://127.0.0.1:${line.port}/worker`,
      farmKey: farm.key,
      name,
      owner: `${name}@owners.test`,
      slots,
      sandbox: 'none',
      remotes: { ...remotes },
      onlyUpstreams: [],
      onlyProjects: [],
      containers: false,
      minFreeBytes: 4 * 1024 * 1024,
      runtimeBytes: 10 * 1024 ** 3,
      quietHours: [],
      paused: null,
      isPauseUnsaid: false,
    });
    const worker = new ChaosWorker(options, line);
    worker.agent.start();
    return worker;
  }

  /** The processes of its slots' runners, by slot. */
  runners(): (number | undefined)[] {
    return this.#slots.map((slot) => findProcesses(slot)[0]);
  }

  /** The folders of its slots. */
  get slots(): readonly string[] {
    return this.#slots;
  }

  /** What stands in the names of its control groups, by slot. */
  get marks(): readonly string[] {
    return this.#slots.map((slot) => slotPaths(slot).mark);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    this.disk?.[Symbol.dispose]();
  }
}
