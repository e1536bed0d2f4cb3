import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { freePort } from '../../test/support/free-port.ts';
import { HttpClient } from '../http-client.ts';
import { cpuSeconds, until } from '../measures.ts';
import { acceptWorker, endProcess, token, weirCommand } from './bench-farm.ts';
import { CpuQuota } from './cpu-quota.ts';

export interface EngineOptions {
  readonly name: string;
  /** Its data and its log are put there. */
  readonly dir: string;
  /** The farm file and its remotes, for `weir master`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** One `weir master` of several, in a control group of its own. */
export class EngineProcess implements AsyncDisposable {
  readonly quota: CpuQuota;
  readonly url: string;
  readonly workerPort: number;
  readonly #child: ChildProcess;
  readonly #log: string;
  #client: HttpClient | undefined;

  private constructor(quota: CpuQuota, options: EngineOptions, ports: Ports) {
    const { name, dir, args, env } = options;
    this.quota = quota;
    this.url = `http://127.0.0.1:${ports.web}`;
    this.workerPort = ports.worker;
    this.#log = join(dir, `${name}.log`);
    const own = ['--name', name, '--data', join(dir, name), '--port', String(ports.web)];
    const command = [...weirCommand, 'master', ...args, ...own];
    const [shell, ...before] = quota.under;
    this.#child = spawn(shell, [...before, ...command, '--worker-port', `${ports.worker}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, WEIR_ADMIN_TOKEN: token },
    });
    const output = createWriteStream(this.#log);
    this.#child.stdout?.pipe(output, { end: false });
    this.#child.stderr?.pipe(output, { end: false });
  }

  /** Starts it, and does not wait for it. */
  static async spawn(options: EngineOptions): Promise<EngineProcess> {
    const ports = { web: await freePort(), worker: await freePort() };
    return new EngineProcess(
      CpuQuota.make(`weir-bench-${process.pid}-${options.name}`),
      options,
      ports,
    );
  }

  /** Resolves once its API answers. */
  async isUp(): Promise<void> {
    await until('the API', async () => {
      if (this.#child.exitCode !== null) throw new Error(`the engine ended: ${this.log()}`);
      try {
        return (await fetch(`${this.url}/api/v1/farm`)).ok || undefined;
      } catch {
        return undefined;
      }
    });
  }

  get client(): HttpClient {
    return (this.#client ??= new HttpClient(this.url, token));
  }

  accept(name: string): Promise<void> {
    return acceptWorker(this.client, name, { trust: 'normal' });
  }

  cpuSeconds(): number {
    return cpuSeconds(this.#child.pid ?? 0);
  }

  log(): string {
    return readFileSync(this.#log, 'utf8').slice(-2_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.[Symbol.dispose]();
    await endProcess(this.#child);
    await this.quota[Symbol.asyncDispose]();
  }
}

interface Ports {
  readonly web: number;
  readonly worker: number;
}
