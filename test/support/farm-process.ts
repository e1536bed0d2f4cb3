import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { newInvitationSchema } from '@weir/protocol';
import type { Trust } from '@weir/protocol';
import { z } from 'zod';
import { validatedFetch } from './api.ts';
import { EventWatch } from './event-watch.ts';
import { isOnPostgres, testStore } from './test-store.ts';
import { weir } from './weir-program.ts';
import { WorkerProcess } from './worker-process.ts';
import type { WorkerOptions } from './worker-process.ts';

const startedSchema = z.object({
  url: z.string(),
  workerPort: z.number(),
  fingerprint: z.string(),
});

/** The admin token of every farm in the tests. */
export const token = 'token-of-the-tests';

export interface FarmOptions {
  /** The text of the farm file. */
  readonly farm?: string;
  /** Where the farm file is followed instead. */
  readonly farmRepository?: { readonly url: string; readonly path: string };
  readonly remotes?: ReadonlyMap<string, string>;
  /** Added to the master's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The master's data folder; one in the farm's own folder when absent. */
  readonly dataDir?: string;
  /** A command that runs the master: `['prlimit', '--nofile=64']`. */
  readonly under?: readonly string[];
}

/** A master that takes long to end says what it waits for long before. */
const endMs = 40_000;
/** Of each thing that there is to tell. */
const lastWords = 40;

/** A master as a process of its own, with real workers, in a folder of its own. */
export class FarmProcess implements AsyncDisposable {
  /** Those that are not disposed of. */
  static readonly living = new Set<FarmProcess>();
  readonly dir: string;
  readonly farmPath: string;
  readonly remotes: ReadonlyMap<string, string>;
  readonly workers: WorkerProcess[] = [];
  /** What the master wrote to its standard error, over all its lives. */
  log = '';
  url = '';
  workerPort = 0;
  fingerprint = '';
  readonly dataDir: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #farmArgs: readonly string[];
  readonly #under: readonly string[];
  #process: ChildProcess | undefined;
  #events: EventWatch | undefined;
  readonly #logged = new EventEmitter();

  private constructor(dir: string, options: FarmOptions) {
    const { remotes = new Map(), env = {}, under = [], farmRepository } = options;
    this.#env = env;
    this.#under = under;
    this.dir = dir;
    this.dataDir = options.dataDir ?? join(dir, 'farm');
    this.farmPath = join(dir, 'farm.yaml');
    this.#farmArgs =
      farmRepository === undefined
        ? ['--farm', this.farmPath]
        : ['--farm', farmRepository.path, '--farm-repository', farmRepository.url];
    this.remotes = remotes;
  }

  /** Starts a farm with this farm file. */
  static async start(options: FarmOptions): Promise<FarmProcess> {
    const dir = await mkdtemp(join(tmpdir(), 'weir-t-'));
    const process = new FarmProcess(dir, options);
    FarmProcess.living.add(process);
    if (options.farm !== undefined) await writeFile(process.farmPath, options.farm);
    await process.start();
    return process;
  }

  get events(): EventWatch {
    if (this.#events === undefined) throw new Error('the farm does not run');
    return this.#events;
  }

  /** Starts the master, or starts it again on the same ports. */
  async start(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const args = [weir, 'master', '--json', ...this.#farmArgs];
    args.push('--data', this.dataDir, '--port', port);
    args.push('--worker-port', String(this.workerPort));
    for (const [url, path] of this.remotes) args.push('--remote', `${url}=${path}`);
    const [command = '', ...rest] = [...this.#under, process.execPath, ...args];
    const child = spawn(command, rest, {
      env: { ...process.env, ...(await this.#store()), ...this.#env, WEIR_ADMIN_TOKEN: token },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const errors = createInterface({ input: child.stderr });
    errors.on('line', (line) => {
      this.log += `${line}\n`;
      this.#logged.emit('line');
    });
    const exited = once(child, 'exit').then(() => {
      throw new Error(`the master ended:\n${this.log}`);
    });
    exited.catch(() => {});
    const line = once(createInterface({ input: child.stdout }), 'line');
    const [text] = (await Promise.race([line, exited])) as [string];
    const started = startedSchema.parse(JSON.parse(text));
    this.url = started.url;
    this.workerPort = started.workerPort;
    this.fingerprint = started.fingerprint;
    this.#events = new EventWatch(this.url);
  }

  /** kill -9, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Resolves when the master has written this to its standard error, in whichever of its lives. */
  async logged(text: string): Promise<void> {
    while (!this.log.includes(text)) await once(this.#logged, 'line');
  }

  /** Resolves with the exit status of a master that was told to end; null when a signal ended it. */
  async exited(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.#events?.close();
    this.#events = undefined;
    return child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** The end of what the master and its workers said, and of the event log. */
  lastWords(): string {
    const events = this.#events?.all.map((event) => JSON.stringify(event)) ?? [];
    const told: [what: string, lines: readonly string[]][] = [
      [`the master in ${this.dir}`, this.log.split('\n')],
      ...this.workers.map(({ name, output }): [string, string[]] => [name, output.split('\n')]),
      ['events', events],
    ];
    return told
      .map(([what, lines]) => [`--- ${what}`, ...lines.slice(-lastWords)].join('\n'))
      .join('\n');
  }

  /** Of the master's process. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Starts a worker: by an invitation, and online when this resolves, or by itself, so that it has to ask. */
  async addWorker(
    options: Omit<WorkerOptions, 'farm'> & { isInvited?: boolean; trust?: Trust },
  ): Promise<WorkerProcess> {
    const { isInvited = true, trust = 'normal', args = [], ...rest } = options;
    const invitation = isInvited ? await this.#invitation(trust, rest.labels ?? []) : [];
    const online = isInvited
      ? this.events.until('worker.online', { subject: `worker/${rest.name}` })
      : undefined;
    const worker = new WorkerProcess({ ...rest, args: [...invitation, ...args], farm: this });
    this.workers.push(worker);
    await worker.asked;
    await online;
    return worker;
  }

  async #invitation(trust: Trust, labels: readonly string[]): Promise<string[]> {
    const body = { reason: 'a worker of the test', trust, labels };
    const { code } = newInvitationSchema.parse(await this.post('/api/v1/invitations', body));
    return ['--invite', code];
  }

  /** Where its facts are, as a variable of its environment. */
  async #store(): Promise<Record<string, string>> {
    if (!isOnPostgres) return {};
    return { WEIR_DATABASE_URL: await testStore(join(this.dataDir, 'weir.sqlite')) };
  }

  async get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
    const response = await validatedFetch(new URL(path, this.url));
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return schema.parse(await response.json());
  }

  async post(path: string, body: unknown): Promise<unknown> {
    const response = await validatedFetch(new URL(path, this.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    FarmProcess.living.delete(this);
    await Promise.all(this.workers.map((worker) => worker[Symbol.asyncDispose]()));
    await this.#end('SIGTERM');
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#events?.close();
    this.#events = undefined;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(endMs) });
    child.kill(signal);
    try {
      await exited;
    } catch {
      child.kill('SIGKILL');
      throw new Error(`the master did not end within ${endMs} ms:\n${this.log}`);
    }
  }
}
