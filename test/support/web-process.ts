import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const weir = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const startedSchema = z.object({ url: z.string() });

export interface WebProcessOptions {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** `weir web` as a process of its own. */
export class WebProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #log: () => string;

  private constructor(child: ChildProcess, url: string, log: () => string) {
    this.#child = child;
    this.url = url;
    this.#log = log;
  }

  static async start({ dataDir, env }: WebProcessOptions): Promise<WebProcess> {
    const args = [weir, 'web', '--json', '--data', dataDir, '--port', '0'];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    child.stderr.on('data', (bytes: Buffer) => (log += bytes.toString()));
    const exited = once(child, 'exit').then(() => {
      throw new Error(`the web server ended:\n${log}`);
    });
    exited.catch(() => {});
    const line = once(createInterface({ input: child.stdout }), 'line');
    const [text] = (await Promise.race([line, exited])) as [string];
    return new WebProcess(child, startedSchema.parse(JSON.parse(text)).url, () => log);
  }

  /** All that it has logged. */
  get log(): string {
    return this.#log();
  }

  /** Tells it to stop; its exit status. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exited = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      await exited;
    }
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
