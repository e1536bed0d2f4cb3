import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Trust } from '@weir/protocol';
import { z } from 'zod';
import { freePort } from '../../test/support/free-port.ts';
import { HttpClient } from '../http-client.ts';
import { until } from '../measures.ts';
import { disposeOnSignals } from './dispose-on-signals.ts';
import { builderOf, farmText, languageUrl, makeLanguage } from './farm-text.ts';
import { OutsideStore } from './outside-store.ts';

const weir = fileURLToPath(new URL('../../dist/weir.mjs', import.meta.url));
/** Node and the program, as `npm run weir` starts it. */
export const weirCommand = [
  process.execPath,
  '--max-semi-space-size=4',
  '--initial-old-space-size=64',
  weir,
] as const;
export const token = 'token-of-the-bench';
const reason = 'bench';

export interface BenchFarmOptions {
  /** The script of each builder's one step, by the builder's project. */
  readonly steps: Readonly<Record<string, string>>;
}

/**
 * A throw-away farm: the real master and the real workers as processes of their own, on loopback,
 * in a temporary folder. Its projects have no repository, so that a build is its steps and nothing else.
 */
export class BenchFarm implements AsyncDisposable {
  readonly dir: string;
  readonly dataDir: string;
  readonly #repository: string;
  readonly #ports: { web: number; worker: number };
  readonly #disposing = new AsyncDisposableStack();
  #master: ChildProcess | undefined;
  #client: HttpClient | undefined;
  #store: OutsideStore | undefined;

  private constructor(dir: string, ports: { web: number; worker: number }) {
    this.dir = dir;
    this.dataDir = join(dir, 'farm');
    this.#repository = join(dir, 'lang');
    this.#ports = ports;
  }

  static async create({ steps }: BenchFarmOptions): Promise<BenchFarm> {
    const dir = await mkdtemp(join(tmpdir(), 'weir-bench-'));
    const ports = { web: await freePort(), worker: await freePort() };
    const farm = new BenchFarm(dir, ports);
    farm.#disposing.use(disposeOnSignals(farm));
    await makeLanguage(farm.#repository);
    await writeFile(join(dir, 'farm.yaml'), farmText(steps));
    return farm;
  }

  get pid(): number {
    return this.#master?.pid ?? 0;
  }

  get client(): HttpClient {
    return (this.#client ??= new HttpClient(this.url, token));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.web}`;
  }

  get workerPort(): number {
    return this.#ports.worker;
  }

  get store(): OutsideStore {
    return (this.#store ??= new OutsideStore(join(this.dataDir, 'weir.sqlite')));
  }

  /** Starts the master and does not wait for it. */
  spawnMaster(): ChildProcess {
    const args = ['master', '--farm', join(this.dir, 'farm.yaml'), '--data', this.dataDir];
    args.push('--port', String(this.#ports.web), '--worker-port', String(this.#ports.worker));
    args.push('--remote', `${languageUrl}=${this.#repository}`);
    this.#master = this.#spawn('master', args);
    return this.#master;
  }

  async startMaster(): Promise<void> {
    this.spawnMaster();
    await until('the API', () => this.isUp());
  }

  /** The first sight of the trunk asks for a build of everything: what is measured is asked for here. */
  async cancelFirstRequests(): Promise<void> {
    const waiting = `select count(*) from request where state = 'waiting'`;
    await until('the first requests', () => this.store.count(waiting) > 0 || undefined);
    const { items } = requestsSchema.parse(
      await this.client.get('/api/v1/requests?state=waiting&limit=100'),
    );
    for (const { id } of items) await this.client.post(`/api/v1/requests/${id}/cancel`, { reason });
  }

  /** True once the API answers. */
  async isUp(): Promise<true | undefined> {
    if (this.#master?.exitCode !== null) throw new Error(`the master ended: ${await this.log()}`);
    try {
      return (await fetch(`${this.url}/api/v1/farm`)).ok || undefined;
    } catch {
      return undefined;
    }
  }

  async stopMaster(): Promise<void> {
    this.#closeDoors();
    await endProcess(this.#master);
    this.#master = undefined;
  }

  /** kill -9, as a power cut would. */
  async killMaster(): Promise<void> {
    this.#closeDoors();
    await killProcess(this.#master);
    this.#master = undefined;
  }

  #closeDoors(): void {
    this.#client?.[Symbol.dispose]();
    this.#client = undefined;
    this.#store?.[Symbol.dispose]();
    this.#store = undefined;
  }

  /** Workers that have joined and were accepted; resolves when all are online. */
  async joinWorkers(names: readonly string[], slots: number): Promise<ChildProcess[]> {
    const children = names.map((name) => this.#spawnWorker(name, slots));
    for (const name of names) await this.accept(name);
    await until('workers', () => this.store.workersOnline() === names.length || undefined);
    return children;
  }

  /** Accepts a worker as soon as it asks. */
  async accept(name: string): Promise<void> {
    await acceptWorker(this.client, name);
  }

  #spawnWorker(name: string, slots: number): ChildProcess {
    const args = ['worker', 'join', this.url, '--name', name, '--slots', String(slots)];
    args.push('--no-containers');
    args.push('--data', this.workerDir(name), '--min-free', '0.1');
    args.push('--remote', `${languageUrl}=${this.#repository}`);
    const sandbox = process.env['BENCH_SANDBOX'];
    if (sandbox !== undefined) args.push('--sandbox', sandbox);
    return this.#spawn(name, args);
  }

  workerDir(name: string): string {
    return join(this.dir, name);
  }

  /** Runs a worker that has joined before. */
  runWorker(name: string): ChildProcess {
    return this.#spawn(name, ['worker', 'run', '--data', this.workerDir(name)]);
  }

  async force(project: string): Promise<void> {
    await force(this.client, project);
  }

  async setWorkers(names: readonly string[], command: 'pause' | 'resume'): Promise<void> {
    for (const name of names) {
      await this.client.post(`/api/v1/workers/${name}/${command}`, { reason });
    }
  }

  /** One build of each project; and one on each worker, which makes it build the runtime first. */
  async warmUp(projects: readonly string[], workers: readonly string[]): Promise<void> {
    await this.setWorkers(workers, 'pause');
    for (const worker of workers) {
      await this.setWorkers([worker], 'resume');
      await this.force(projects[0] ?? '');
      await this.#settled();
      await this.setWorkers([worker], 'pause');
    }
    await this.setWorkers(workers, 'resume');
    for (const project of projects) await this.force(project);
    await this.#settled();
  }

  #settled(): Promise<true> {
    const open = `select count(*) from request where state in ('waiting', 'claimed')`;
    return until('all builds', () => this.store.count(open) === 0 || undefined);
  }

  /** What the farm says of a request that waits though nothing is built. */
  async whyStuck(): Promise<string> {
    return JSON.stringify(await this.client.get('/api/v1/requests?state=waiting&limit=1'));
  }

  async log(): Promise<string> {
    return (await readFile(join(this.dir, 'master.log'), 'utf8')).slice(-2_000);
  }

  /** The process ends with the farm, at the latest. */
  #spawn(name: string, args: readonly string[]): ChildProcess {
    const output = createWriteStream(join(this.dir, `${name}.log`), { flags: 'a' });
    const [node, ...rest] = weirCommand;
    const child = spawn(node, [...rest, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, WEIR_ADMIN_TOKEN: token },
    });
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    this.#disposing.defer(() => endProcess(child));
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#disposing.disposeAsync();
    await this.stopMaster();
    await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

const requestsSchema = z.object({ items: z.array(z.object({ id: z.number() })) });
const workersSchema = z.object({
  items: z.array(z.object({ name: z.string(), fingerprint: z.string() })),
});

/** Asks for a build of a project. */
export async function force(client: HttpClient, project: string): Promise<void> {
  await client.post('/api/v1/requests', { builder: builderOf(project), reason });
}

/** Accepts a worker as soon as it asks. */
export async function acceptWorker(
  client: HttpClient,
  name: string,
  { trust = 'probation' }: { trust?: Trust } = {},
): Promise<void> {
  const { fingerprint } = await until(`worker ${name}`, async () => {
    const { items } = workersSchema.parse(await client.get('/api/v1/workers?state=pending'));
    return items.find((worker) => worker.name === name);
  });
  await client.post(`/api/v1/workers/${name}/accept`, { reason, fingerprint, labels: [], trust });
}

/** Ends a master or a worker in order: a worker's first signal asks to finish, the second ends it. */
export async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(patience);
}

async function killProcess(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
