import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema, requestSchema } from '@weir/protocol';
import type { ApiBuild } from '@weir/protocol';
import { FarmProcess } from './farm-process.ts';
import type { FarmOptions } from './farm-process.ts';
import type { SmallFarm } from './small-farm.ts';
import { appBuilder, createSmallFarm } from './small-farm.ts';

/** A build of the project that has printed `begun` and waits at the gate. */
export interface GatedBuild {
  readonly build: number;
  readonly request: number;
}

/** A farm whose project prints `begun`, waits until a gate is opened, and prints `over`. */
export class GatedFarm implements AsyncDisposable {
  readonly farm: FarmProcess;
  readonly repositories: SmallFarm;
  readonly #gate: string;

  private constructor(farm: FarmProcess, repositories: SmallFarm, gate: string) {
    this.farm = farm;
    this.repositories = repositories;
    this.#gate = gate;
  }

  /** Starts it with no worker and an open gate. */
  static async start({ env }: Pick<FarmOptions, 'env'> = {}): Promise<GatedFarm> {
    const gate = await mkdtemp(join(tmpdir(), 'weir-gate-'));
    const repositories = await createSmallFarm();
    const steps = [
      '- test: |',
      '    echo begun',
      `    while [ ! -e ${gate}/open ]; do sleep 0.05; done`,
      '    echo over',
    ];
    const farm = await FarmProcess.start({
      farm: repositories.farm({ steps }),
      remotes: repositories.remotes,
      ...(env && { env }),
    });
    const gated = new GatedFarm(farm, repositories, gate);
    await gated.open();
    return gated;
  }

  async open(): Promise<void> {
    await writeFile(join(this.#gate, 'open'), '');
  }

  /** Closes the gate, and asks for a build. Resolves when it waits there. */
  async begin(): Promise<GatedBuild> {
    await rm(join(this.#gate, 'open'), { force: true });
    const { farm } = this;
    const forced = await farm.post('/api/v1/requests', { builder: appBuilder, reason: 'a test' });
    const request = requestSchema.parse(forced).id;
    return { request, build: await this.begun(request) };
  }

  /** The newest build of a request, once it waits at the gate. */
  async begun(request: number, after = 0): Promise<number> {
    const { events } = this.farm;
    const started = await events.until('build.started', { after, data: { request } });
    if (existsSync(join(this.#gate, 'open'))) throw new Error('the gate is open');
    await events.until('step.started', { after, subject: started.subject });
    return Number(started.subject.slice('build/'.length));
  }

  /** Opens the gate. Resolves with the build that answers the request in the end. */
  async end(request: number): Promise<ApiBuild> {
    await this.open();
    const { subject } = await this.farm.events.until('build.finished', { data: { request } });
    return this.farm.get(`/api/v1/builds/${subject.slice('build/'.length)}`, buildSchema);
  }

  async logOf({ steps: [step] }: ApiBuild): Promise<string> {
    return (await fetch(new URL(`/api/v1/logs/${step?.log?.id}`, this.farm.url))).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.open();
    await this.farm[Symbol.asyncDispose]();
    await this.repositories[Symbol.asyncDispose]();
    await rm(this.#gate, { recursive: true, force: true });
  }
}
