import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildSpec, JournalEntry, SandboxKind, StepSpec } from '@weir/protocol';
import { connectRunner } from '../../src/runner/client.ts';
import type { RunnerClient } from '../../src/runner/client.ts';
import { readJournal } from '../../src/runner/journal.ts';
import type { RunnerEvent, RunnerState } from '../../src/runner/messages.ts';
import { logDir, slotPaths } from '../../src/runner/paths.ts';
import { startRunner } from '../../src/runner/start-runner.ts';
import { SpoolReader } from '../../src/spool/reader.ts';

const commit = 'a'.repeat(40);

export function stepOf(run: string, more: Partial<StepSpec> = {}): StepSpec {
  const times = { timeoutMs: 60_000, silenceMs: 60_000 };
  return { name: 'test', run, network: false, install: false, ...times, ...more };
}

/** A runtime builder's spec: it needs nothing that was made before. */
export function specOf(steps: StepSpec[], more: Partial<BuildSpec> = {}): BuildSpec {
  return {
    build: 1,
    builder: 'lua/main/here',
    number: 1,
    kind: 'runtime',
    runtime: { upstream: 'lua', trunk: 'main', platform: 'here', commit },
    env: {},
    steps,
    limits: {
      logBytes: 1024 * 1024,
      diskBytes: 1024 ** 3,
      memoryBytes: 1024 ** 3,
      processes: 200,
      fileBytes: 1024 ** 3,
    },
    ...more,
  };
}

/** A real runner process in a temporary folder, and the agent's end of its socket. */
export class TestSlot implements AsyncDisposable {
  readonly data = mkdtempSync(join(tmpdir(), 'weir-slot-'));
  /** Where its builds find artifacts. */
  farm = 'http://127.0.0.1:1';
  readonly dir = join(this.data, 'slots', '0');
  #client: RunnerClient | null = null;
  #state: RunnerState | null = null;
  readonly #waiting = new Set<() => void>();

  static async start(): Promise<TestSlot> {
    const slot = new TestSlot();
    await slot.restart();
    return slot;
  }

  /** Starts a runner where there is none, or no longer one. */
  async restart(): Promise<void> {
    this.#state = null;
    this.#client = await startRunner(this.dir, this.#onEvent);
    await this.until(() => true);
  }

  get client(): RunnerClient {
    if (this.#client === null) throw new Error('not connected');
    return this.#client;
  }

  get entries(): JournalEntry[] {
    return readJournal(slotPaths(this.dir).journal, 1, this.#state?.entries ?? 0);
  }

  /** Where a step of the build finds itself, as the host sees it. */
  get work(): string {
    return slotPaths(this.dir).work;
  }

  run(spec: BuildSpec, sandbox: SandboxKind, remotes: Record<string, string> = {}): void {
    this.client.run({ spec, epoch: 1, remotes, sandbox, farm: this.farm });
  }

  /** Runs a build to its end and gives its journal. */
  async finish(
    spec: BuildSpec,
    sandbox: SandboxKind,
    remotes: Record<string, string> = {},
  ): Promise<JournalEntry[]> {
    this.run(spec, sandbox, remotes);
    await this.until((state) => state.build === spec.build && state.finished);
    return this.entries;
  }

  async forget(): Promise<void> {
    this.client.forget();
    await this.until((state) => state.build === null);
  }

  async reconnect(): Promise<void> {
    this.client.close();
    await this.client.closed;
    this.#state = null;
    this.#client = await connectRunner(this.dir, this.#onEvent);
    await this.until(() => true);
  }

  /** Waits for a state that the runner tells. */
  until(condition: (state: RunnerState) => boolean): Promise<void> {
    return this.#wait(() => this.#state !== null && condition(this.#state));
  }

  /** Waits until a step has printed `text`. */
  printed(step: number, text: string): Promise<void> {
    return this.#wait(() => this.log(step).includes(text));
  }

  log(step: number): string {
    const piece = new SpoolReader(logDir(this.dir, step)).read(0, 1024 * 1024);
    return piece?.bytes.toString() ?? '';
  }

  readWork(path: string): string {
    return readFileSync(join(this.work, path), 'utf8');
  }

  readonly #onEvent = (event: RunnerEvent): void => {
    if (event.t === 'state') this.#state = event;
    for (const check of this.#waiting) check();
  };

  #wait(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!isTrue()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.exit();
    await this.client.closed;
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
