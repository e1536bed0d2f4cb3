import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';

export interface DemoWorkerOptions {
  readonly url: string;
  readonly dataDir: string;
  readonly sandbox: 'bubblewrap' | 'none';
  readonly remotes: ReadonlyMap<string, string>;
  /** The worker asked to join: whoever runs the demo accepts its own workers. */
  readonly asked: (fingerprint: string) => Promise<void>;
  readonly failed: (why: string) => void;
}

/** A worker as a process of its own, which joins as any volunteer's does. */
export class DemoWorker implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor(name: string, options: DemoWorkerOptions) {
    const [, main = ''] = process.argv;
    const args = [main, 'worker', 'join', options.url, '--name', name, '--slots', '2'];
    // Its farm has no services, and who looks for an engine is ready later.
    args.push('--no-containers');
    args.push('--owner', `${name}@demo.example`, '--min-free', '0.2', '--json');
    args.push('--data', options.dataDir, '--sandbox', options.sandbox);
    for (const [url, path] of options.remotes) args.push('--remote', `${url}=${path}`);
    // A process group of its own: Ctrl-C reaches the demo alone, which then ends the workers in order.
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = child;
    let fingerprint = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('{')) {
        fingerprint = (JSON.parse(line) as { fingerprint: string }).fingerprint;
      } else if (line.includes('waits for an admin')) {
        options.asked(fingerprint).catch((error: unknown) => options.failed(String(error)));
      }
    });
    createInterface({ input: child.stderr }).on('line', options.failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    // The first signal asks to finish what runs, the second ends it.
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await once(child, 'exit');
    clearTimeout(patience);
  }
}
