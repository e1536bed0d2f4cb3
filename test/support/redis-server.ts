import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';

/** What docs/run-a-farm.md asks for. */
export const keptSettings = {
  appendonly: 'yes',
  'maxmemory-policy': 'noeviction',
  save: '',
} as const;

/** A Redis of a test's own, with the settings that a farm asks for. */
export class RedisServer implements AsyncDisposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'weir-redis-'));
  readonly #port: number;
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  private constructor(port: number, settings: Readonly<Record<string, string>>) {
    this.#port = port;
    this.#settings = settings;
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Starts it, or starts it again where it was, with what it kept. */
  async start(): Promise<void> {
    const settings = {
      ...keptSettings,
      bind: '127.0.0.1',
      port: String(this.#port),
      dir: this.#dir,
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn('redis-server', args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    let log = '';
    for await (const line of createInterface({ input: child.stdout })) {
      log += `${line}\n`;
      if (line.includes('Ready to accept connections')) break;
    }
    if (!log.includes('Ready to accept connections')) throw new Error(`no Redis:\n${log}`);
    child.stdout.resume();
  }

  /** kill -9 */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** It hangs: takes connections and answers nothing, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** FLUSHALL */
  async empty(): Promise<void> {
    await promisify(execFile)('redis-cli', ['-p', String(this.#port), 'flushall']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
