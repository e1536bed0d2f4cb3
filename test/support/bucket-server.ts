import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./bucket-server-main.ts', import.meta.url));

/** What it is asked with. */
export const bucketKeys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' } as const;

/** A small S3 as a process of its own, with one bucket, `farm`. It can go away and come back. */
export class BucketServer implements AsyncDisposable {
  readonly #dir: string;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async start(): Promise<BucketServer> {
    const server = new BucketServer(await mkdtemp(join(tmpdir(), 'weir-s3-')));
    await server.start();
    return server;
  }

  /** For the objects of one farm. */
  url(prefix: string, { bucket = 'farm' } = {}): string {
    return `s3://${bucket}/${prefix}?endpoint=http://127.0.0.1:${this.#port}`;
  }

  /** Where the bytes of an object are on the disk. */
  fileOf(prefix: string, sha256: string): string {
    return join(this.#dir, 'farm', prefix, sha256.slice(0, 2), `${sha256}._S3rver_object`);
  }

  /** What goes with those bytes. */
  metadataOf(prefix: string, sha256: string): string {
    return this.fileOf(prefix, sha256).replace(/object$/, 'metadata.json');
  }

  /** Starts it, or starts it again at the same place. */
  async start(): Promise<void> {
    // It cuts lists into pages by a cipher that is called old today.
    const args = ['--openssl-legacy-provider', main, this.#dir, String(this.#port)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    this.#port = Number(line);
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
