import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import { GitRepository } from '../support/git-repository.ts';
import { selfSigned } from '../support/self-signed.ts';
import { TlsFront } from '../support/tls-front.ts';
import { FarmApi, token } from './farm-api.ts';
import { farmFile, followedProjects, langUrl, markVariable, repositoryUrl } from './farm-file.ts';
import { endProcesses, findMarked } from './leftovers.ts';
import { JumpingClock, SmallDisk } from './machine.ts';
import { Mailbox } from './mailbox.ts';
import { prepareMasters } from './masters.ts';
import type { Master, Masters } from './masters.ts';
import type { Need } from './plan.ts';
import type { Supervised } from './supervised.ts';
import { Witness } from './witness.ts';
import { ChaosWorker } from './worker.ts';

export interface ChaosFarmOptions {
  /** Everything is in here. Its path is short: sockets are in it. */
  readonly dir: string;
  readonly workers: number;
  readonly offers: ReadonlySet<Need>;
  /** See `MastersOptions`. */
  readonly engines: number;
  readonly diskBytes: number;
}

const workerDiskBytes = 96 * 1024 * 1024;
/** Each so many-th worker has a small disk of its own, a clock that can be moved, and two slots. */
const everyDisk = 4;
const everyClock = 3;
const everyTwoSlots = 5;

const startedSchema = z.object({ fingerprint: z.string() });

function cacheOf(dir: string): string {
  return join(dir, 'cache');
}

/** Of every process of a farm. */
function envOf(dir: string, mark: string): Record<string, string> {
  return { [markVariable]: mark, TMPDIR: join(dir, 'tmp'), NODE_COMPILE_CACHE: cacheOf(dir) };
}

/** A real farm of many processes, with all that its faults need. */
export class ChaosFarm implements AsyncDisposable {
  readonly dir: string;
  /** In the environment of every process of this farm, and of no other. */
  readonly mark: string;
  readonly ledgers: string;
  readonly masters: Masters;
  readonly workers: ChaosWorker[] = [];
  /** Followed repositories by name: `lang`, and those of the projects. */
  readonly repositories = new Map<string, GitRepository>();
  readonly url: string;
  readonly api: FarmApi;
  readonly witness: Witness;
  readonly mailbox: Mailbox;
  readonly #disposing = new AsyncDisposableStack();
  readonly #options: ChaosFarmOptions;

  private constructor(
    options: ChaosFarmOptions,
    parts: { readonly mark: string; readonly mailbox: Mailbox; readonly masters: Masters },
  ) {
    const { dir } = options;
    this.mark = parts.mark;
    this.#options = options;
    this.dir = dir;
    this.ledgers = join(dir, 'ledgers');
    this.mailbox = this.#disposing.use(parts.mailbox);
    this.masters = this.#disposing.use(parts.masters);
    this.url = parts.masters.url;
    this.api = new FarmApi(this.url);
    this.witness = new Witness(this.url);
    for (const folder of [this.ledgers, cacheOf(dir), join(dir, 'tmp')]) mkdirSync(folder);
  }

  /** Makes what a farm needs, and starts none of its processes. */
  static async prepare(options: ChaosFarmOptions): Promise<ChaosFarm> {
    const { dir } = options;
    const mark = randomBytes(6).toString('hex');
    const masters = await prepareMasters({
      ...options,
      env: { ...envOf(dir, mark), WEIR_ADMIN_TOKEN: token },
      args: () => {
        const remotes = Object.entries(farm.#remotes);
        return [
          '--farm',
          join(dir, 'farm.yaml'),
          ...remotes.map(([url, path]) => `--remote=${url}=${path}`),
        ];
      },
    });
    const farm = new ChaosFarm(options, { mark, mailbox: await Mailbox.start(), masters });
    return farm;
  }

  /** Starts masters and workers; resolves when all of them are online. */
  async start(): Promise<void> {
    const { dir } = this.#options;
    for (const name of ['lang', ...followedProjects]) await this.#createRepository(name);
    const certificate = selfSigned();
    const authority = join(dir, 'authority.pem');
    writeFileSync(authority, certificate.cert);
    const front = this.#disposing.use(await TlsFront.start(certificate, this.masters.workerPort));
    const text = farmFile({
      mark: this.mark,
      ledgers: this.ledgers,
      compileCache: cacheOf(dir),
      mailUrl: this.mailbox.url,
      workerUrl: `wss://127.0.0.1:${front.port}/worker`,
    });
    writeFileSync(join(dir, 'farm.yaml'), text);
    const key = await this.#startMasters();
    await this.#startWorkers({ url: this.url, key, tlsPort: front.port }, authority);
    await Promise.all(this.workers.map((worker) => this.#accept(worker)));
  }

  get offers(): ReadonlySet<Need> {
    return this.#options.offers;
  }

  worker(name: string): ChaosWorker {
    const worker = this.workers.find((each) => each.name === name);
    if (worker === undefined) throw new Error(`there is no worker ${name}`);
    return worker;
  }

  /** Of the farm itself, by name. */
  master(name: string): Master {
    const { engines, webs } = this.masters;
    const master = [...engines, ...webs].find((each) => each.name === name);
    if (master === undefined) throw new Error(`there is no process ${name} of the farm`);
    return master;
  }

  /** Every process of Weir that is kept running. */
  get processes(): { readonly name: string; readonly process: Supervised }[] {
    const { engines, webs } = this.masters;
    const agents = this.workers.map(({ name, agent }) => ({ name, process: agent }));
    return [...engines, ...webs, ...agents];
  }

  /** Ends the agents, then the masters, as their owners would; what is left then was left behind. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map(({ agent }) => agent.stop()));
    const { engines, webs } = this.masters;
    for (const { process: each } of [...webs, ...engines]) await each.stop();
  }

  /** Nothing of it is left: processes, mounts, servers. The folder stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    endProcesses(findMarked(this.mark));
    await Promise.all(this.processes.map(({ process: each }) => each.kill()));
    endProcesses(findMarked(this.mark));
    await this.witness[Symbol.asyncDispose]();
    for (const worker of this.workers) await worker[Symbol.asyncDispose]();
    await this.#disposing.disposeAsync();
    JumpingClock.sweep(this.processes.flatMap(({ process: { pids } }) => pids));
  }

  get #remotes(): Record<string, string> {
    return Object.fromEntries(
      [...this.repositories].map(([name, { path }]) => [
        name === 'lang' ? langUrl : repositoryUrl(name),
        path,
      ]),
    );
  }

  async #createRepository(name: string): Promise<void> {
    const repository = await GitRepository.create(join(this.dir, 'repositories', name));
    this.repositories.set(name, repository);
    await repository.commit({ message: 'It works', files: { mood: 'good\n' } });
    if (name === 'lang') await repository.git('branch', 'next');
  }

  /** Resolves with the farm's fingerprint. */
  async #startMasters(): Promise<string> {
    const { engines, webs, said } = this.masters;
    const [first, ...others] = engines;
    first?.process.start();
    const failed = first?.process.firstEnd.then(({ status }) => {
      throw new Error(`the first master ended with ${status}: see its log in ${this.dir}`);
    });
    const { fingerprint } = startedSchema.parse(
      JSON.parse(await Promise.race([said, failed ?? said])),
    );
    failed?.catch(() => {});
    for (const { process: each } of [...others, ...webs]) each.start();
    return fingerprint;
  }

  async #startWorkers(
    farm: { readonly url: string; readonly key: string; readonly tlsPort: number },
    authority: string,
  ): Promise<void> {
    const { dir, offers, workers } = this.#options;
    const hasRoot = offers.has('root');
    const hasFaketime = offers.has('faketime');
    for (let n = 0; n < workers; n += 1) {
      const name = `w${String(n + 1).padStart(2, '0')}`;
      const dataDir = join(dir, name);
      const hasDisk = hasRoot && n % everyDisk === 0;
      const hasClock = hasFaketime && n % everyClock === 0;
      const worker = await ChaosWorker.start({
        name,
        dataDir,
        log: join(dir, `${name}.log`),
        slots: n % everyTwoSlots === 0 ? 2 : 1,
        farm,
        remotes: this.#remotes,
        env: { ...envOf(dir, this.mark), NODE_EXTRA_CA_CERTS: authority },
        disk: hasDisk ? new SmallDisk(dataDir, workerDiskBytes) : undefined,
        clock: hasClock ? new JumpingClock(join(dir, `${name}.clock`)) : undefined,
      });
      this.workers.push(worker);
    }
  }

  async #accept({ name, fingerprint }: ChaosWorker): Promise<void> {
    const subject = `worker/${name}`;
    await this.witness.until((event) => event.kind === 'worker.asked' && event.subject === subject);
    const body = { reason: 'a worker of chaos', fingerprint, trust: 'normal' };
    await this.api.post(`/api/v1/workers/${name}/accept`, body, z.unknown());
    await this.witness.until(
      (event) => event.kind === 'worker.online' && event.subject === subject,
    );
  }
}

if (process.platform !== 'linux') {
  throw new Error('chaos needs Linux: it looks for processes in /proc');
}
