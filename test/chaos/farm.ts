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
import { JumpingClock, quietPort, SmallDisk } from './machine.ts';
import { Mailbox } from './mailbox.ts';
import type { Need } from './plan.ts';
import { Supervised } from './supervised.ts';
import { Witness } from './witness.ts';
import { ChaosWorker } from './worker.ts';

export interface ChaosFarmOptions {
  /** Everything is in here. Its path is short: sockets are in it. */
  readonly dir: string;
  readonly workers: number;
  readonly offers: ReadonlySet<Need>;
  /** What fits on the master's disk. */
  readonly diskBytes: number;
}

const workerDiskBytes = 96 * 1024 * 1024;
/** Each so many-th worker has a small disk of its own, a clock that can be moved, and two slots. */
const everyDisk = 4;
const everyClock = 3;
const everyTwoSlots = 5;

const startedSchema = z.object({ url: z.string(), fingerprint: z.string() });

/** A real farm of many processes, with all that its faults need. */
export class ChaosFarm implements AsyncDisposable {
  readonly dir: string;
  /** In the environment of every process of this farm, and of no other. */
  readonly mark = randomBytes(6).toString('hex');
  readonly ledgers: string;
  readonly master: Supervised;
  readonly workers: ChaosWorker[] = [];
  /** Followed repositories by name: `lang`, and those of the projects. */
  readonly repositories = new Map<string, GitRepository>();
  readonly url: string;
  readonly api: FarmApi;
  readonly witness: Witness;
  readonly mailbox: Mailbox;
  readonly disk: SmallDisk | undefined;
  readonly clock: JumpingClock | undefined;
  readonly #disposing = new AsyncDisposableStack();
  readonly #started = Promise.withResolvers<{ url: string; fingerprint: string }>();

  readonly #options: ChaosFarmOptions;
  readonly #workerPort: number;

  private constructor(
    options: ChaosFarmOptions,
    parts: { readonly mailbox: Mailbox; readonly port: number; readonly workerPort: number },
  ) {
    const { dir, offers, diskBytes } = options;
    this.#options = options;
    this.#workerPort = parts.workerPort;
    this.dir = dir;
    this.ledgers = join(dir, 'ledgers');
    this.mailbox = parts.mailbox;
    this.url = `http://127.0.0.1:${parts.port}`;
    this.api = new FarmApi(this.url);
    this.witness = new Witness(this.url);
    for (const folder of [this.ledgers, this.#cache, join(dir, 'tmp')]) mkdirSync(folder);
    const data = join(dir, 'master');
    if (offers.has('root')) this.disk = this.#disposing.use(new SmallDisk(data, diskBytes));
    if (offers.has('faketime')) this.clock = new JumpingClock(join(dir, 'master.clock'));
    this.master = new Supervised({
      args: () => {
        const place = ['--farm', join(dir, 'farm.yaml'), '--data', data];
        const ports = ['--port', String(parts.port), '--worker-port', String(parts.workerPort)];
        const remotes = Object.entries(this.#remotes).map(
          ([url, path]) => `--remote=${url}=${path}`,
        );
        return ['master', '--json', ...place, ...ports, ...remotes];
      },
      env: { ...this.#env, ...this.clock?.env, WEIR_ADMIN_TOKEN: token },
      log: join(dir, 'master.log'),
      said: (line) => this.#started.resolve(startedSchema.parse(JSON.parse(line))),
    });
  }

  /** Makes what a farm needs, and starts none of its processes. */
  static async prepare(options: ChaosFarmOptions): Promise<ChaosFarm> {
    const mailbox = await Mailbox.start();
    const ports = { port: await quietPort(), workerPort: await quietPort() };
    const farm = new ChaosFarm(options, { mailbox, ...ports });
    farm.#disposing.use(mailbox);
    return farm;
  }

  /** Starts master and workers; resolves when all of them are online. */
  async start(): Promise<void> {
    const { dir } = this.#options;
    for (const name of ['lang', ...followedProjects]) await this.#createRepository(name);
    const certificate = selfSigned();
    const authority = join(dir, 'authority.pem');
    writeFileSync(authority, certificate.cert);
    const front = this.#disposing.use(await TlsFront.start(certificate, () => this.#workerPort));
    const text = farmFile({
      mark: this.mark,
      ledgers: this.ledgers,
      compileCache: this.#cache,
      mailUrl: this.mailbox.url,
      workerUrl: `wss://127.0.0.1:${front.port}/worker`,
    });
    writeFileSync(join(dir, 'farm.yaml'), text);
    const key = await this.#startMaster();
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

  /** Ends the agents, then the master, as their owners would; what is left then was left behind. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map(({ agent }) => agent.stop()));
    await this.master.stop();
  }

  /** Nothing of it is left: processes, mounts, servers. The folder stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    endProcesses(findMarked(this.mark));
    await Promise.all(this.#processes.map((each) => each.kill()));
    endProcesses(findMarked(this.mark));
    await this.witness[Symbol.asyncDispose]();
    for (const worker of this.workers) await worker[Symbol.asyncDispose]();
    await this.#disposing.disposeAsync();
    JumpingClock.sweep(this.#processes.flatMap(({ pids }) => pids));
  }

  get #processes(): Supervised[] {
    return [this.master, ...this.workers.map(({ agent }) => agent)];
  }

  get #cache(): string {
    return join(this.dir, 'cache');
  }

  get #remotes(): Record<string, string> {
    return Object.fromEntries(
      [...this.repositories].map(([name, { path }]) => [
        name === 'lang' ? langUrl : repositoryUrl(name),
        path,
      ]),
    );
  }

  get #env(): Record<string, string> {
    return {
      [markVariable]: this.mark,
      TMPDIR: join(this.dir, 'tmp'),
      NODE_COMPILE_CACHE: this.#cache,
    };
  }

  async #createRepository(name: string): Promise<void> {
    const repository = await GitRepository.create(join(this.dir, 'repositories', name));
    this.repositories.set(name, repository);
    await repository.commit({ message: 'It works', files: { mood: 'good\n' } });
    if (name === 'lang') await repository.git('branch', 'next');
  }

  /** Resolves with the farm's fingerprint. */
  async #startMaster(): Promise<string> {
    this.master.start();
    void this.master.firstEnd.then(({ status }) => {
      this.#started.reject(
        new Error(`the master ended with ${status}: see ${this.dir}/master.log`),
      );
    });
    const { fingerprint } = await this.#started.promise;
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
        env: { ...this.#env, NODE_EXTRA_CA_CERTS: authority },
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
