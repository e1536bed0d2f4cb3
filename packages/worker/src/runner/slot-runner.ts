import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import type { SandboxKind } from '@weir/protocol';
import type { ProcessPlatform } from '../process/contract.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import { detectSandbox } from '../sandbox/detect.ts';
import { agentVersion } from '../version.ts';
import { SlotBuild } from './build.ts';
import { clearSlot } from './clear-slot.ts';
import { machineFacts } from './facts.ts';
import type { HeldBuild } from './held-build.ts';
import { readJsonLines, writeJsonLine } from './json-lines.ts';
import { runnerCommandSchema } from './messages.ts';
import type { RunnerCommand, RunnerState } from './messages.ts';
import type { SlotPaths } from './paths.ts';
import type { PlaceOrder } from './place.ts';

/** Hints that a log grew are at least so far apart. */
const hintMs = 5;

type RunOrder = Extract<RunnerCommand, { t: 'run' }>;

/** Serves the agents that come and go at the slot's socket, and runs one build at a time. */
export class SlotRunner {
  readonly #paths: SlotPaths;
  readonly #platform: ProcessPlatform;
  readonly #machine = machineFacts();
  readonly #sandboxes = new Map<SandboxKind, Sandbox>();
  readonly #agents = new Set<Socket>();
  readonly #server: Server;
  #build: HeldBuild | null;
  #epoch: number | null = null;
  #hint: NodeJS.Timeout | null = null;
  #telling: NodeJS.Immediate | null = null;
  /** Resolves when the runner has been told to exit, or no agent has come for `idleMs` while nothing runs. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};
  #idle: NodeJS.Timeout | null = null;
  readonly #idleMs: number;

  /** @param held what the runner before this one left to be sent */
  constructor(
    paths: SlotPaths,
    platform: ProcessPlatform,
    idleMs: number,
    held: HeldBuild | null = null,
  ) {
    this.#build = held;
    this.#paths = paths;
    this.#platform = platform;
    this.#idleMs = idleMs;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<void> {
    rmSync(this.#paths.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#paths.socket, resolve);
    });
    this.#standBy();
    this.#considerIdle();
  }

  /** What has finished is left to the next runner: the farm may lack some of it. */
  async close(): Promise<void> {
    if (this.#build?.isFinished === false) await this.#abort();
    await this.#platform.close();
    this.#server.close();
    for (const agent of this.#agents) agent.destroy();
  }

  #serve(socket: Socket): void {
    this.#agents.add(socket);
    this.#considerIdle();
    socket.on('error', (error) => console.error('an agent:', error));
    socket.once('close', () => {
      this.#agents.delete(socket);
      this.#considerIdle();
    });
    writeJsonLine(socket, this.#state());
    readJsonLines(socket, (value) => this.#obey(runnerCommandSchema.parse(value)));
  }

  #obey(command: RunnerCommand): void {
    switch (command.t) {
      case 'run':
        this.#run(command);
        break;
      case 'cancel':
        this.#build?.cancel(command.reason);
        break;
      case 'abort':
        this.#abort().catch((error: unknown) => console.error('aborting a build:', error));
        break;
      case 'forget':
        if (this.#build?.isFinished === true) this.#forget();
        break;
      case 'exit':
        this.#end();
        break;
    }
  }

  /** A slot that is taken says so by its state. */
  #run({ spec, epoch, remotes, sandbox, farm }: RunOrder): void {
    if (this.#build === null) {
      this.#build = this.#begin({ spec, remotes, farm, sandbox: this.#sandbox(sandbox) });
      this.#epoch = epoch;
    }
    this.#tellState();
  }

  /** @throws Error when there is no room even for the build's first file; nothing of it is left then */
  #begin(order: PlaceOrder): SlotBuild {
    try {
      return new SlotBuild(this.#paths, this.#platform, this.#machine, order, {
        onEntry: () => this.#entryWritten(),
        onGrew: () => this.#tellGrowth(),
      });
    } catch (error) {
      clearSlot(this.#paths);
      throw error;
    }
  }

  #entryWritten(): void {
    this.#tellState();
    if (this.#build?.isFinished === true) this.#standBy();
    this.#considerIdle();
  }

  #standBy(): void {
    this.#platform.standBy(this.#paths.mark);
  }

  #sandbox(kind: SandboxKind): Sandbox {
    const known = this.#sandboxes.get(kind);
    if (known !== undefined) return known;
    const etcDir = join(this.#paths.data, 'etc');
    const sandbox = detectSandbox(kind, etcDir, this.#platform.limits);
    this.#sandboxes.set(kind, sandbox);
    return sandbox;
  }

  async #abort(): Promise<void> {
    const build = this.#build;
    if (build === null) return;
    build.cancel('aborted');
    await build.ended;
    if (this.#build === build) this.#forget();
  }

  #forget(): void {
    this.#build = null;
    this.#epoch = null;
    clearSlot(this.#paths);
    this.#tellState();
    this.#considerIdle();
  }

  #state(): RunnerState {
    return {
      t: 'state',
      build: this.#build?.number ?? null,
      epoch: this.#epoch,
      entries: this.#build?.entries ?? 0,
      finished: this.#build?.isFinished ?? false,
      exception: this.#build?.exception,
      version: agentVersion,
    };
  }

  /** At the end of the turn: what is written in one turn is told of once. */
  #tellState(): void {
    if (this.#telling !== null) return;
    this.#telling = setImmediate(() => {
      this.#telling = null;
      const state = this.#state();
      for (const agent of this.#agents) writeJsonLine(agent, state);
    });
  }

  #tellGrowth(): void {
    if (this.#hint !== null) return;
    this.#hint = setTimeout(() => {
      this.#hint = null;
      for (const agent of this.#agents) writeJsonLine(agent, { t: 'grew' });
    }, hintMs);
  }

  #considerIdle(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    if (this.#build?.isFinished === false || this.#agents.size > 0) return;
    this.#idle = setTimeout(() => this.#end(), this.#idleMs);
  }
}
