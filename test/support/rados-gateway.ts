import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { bucketKeys } from './bucket-server.ts';
import { freePort } from './free-port.ts';

const startMs = 60_000;
const execute = promisify(execFile);

/**
 * Ceph's object gateway, with one bucket, `farm`, on a Ceph of its own: one monitor, and one store that
 * has everything in memory. It is asked with the keys of `BucketServer`.
 */
export class RadosGateway implements AsyncDisposable {
  readonly #dir: string;
  readonly #port: number;
  readonly #children: ChildProcess[] = [];

  private constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#port = port;
  }

  /** Undefined when it does not run within a minute: a Ceph is much for a small machine. */
  static async start(): Promise<RadosGateway | undefined> {
    const signal = AbortSignal.timeout(startMs);
    const dir = await mkdtemp(join(tmpdir(), 'weir-ceph-'));
    const gateway = new RadosGateway(dir, await freePort());
    try {
      await gateway.#start(signal);
      return gateway;
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** For the objects of one farm. */
  url(prefix: string, { bucket = 'farm' } = {}): string {
    return `s3://${bucket}/${prefix}?endpoint=${this.#endpoint}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }),
    );
    await rm(this.#dir, { recursive: true, force: true });
  }

  get #keys(): string {
    return join(this.#dir, 'keyring');
  }

  get #endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async #start(signal: AbortSignal): Promise<void> {
    const run = (program: string, ...args: readonly string[]): Promise<void> =>
      this.#run(signal, program, ...args);
    const [farm, store] = [randomUUID(), randomUUID()];
    const monitor = `[v2:127.0.0.1:${await freePort()}]`;
    await writeFile(join(this.#dir, 'ceph.conf'), this.#settings(farm, monitor));
    await this.#makeKeys(signal);
    const map = join(this.#dir, 'monmap');
    await run('monmaptool', '--create', '--fsid', farm, '--addv', 'a', monitor, map);
    await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', this.#keys);
    this.#spawn('ceph-mon', '-i', 'a');
    await run('ceph', 'osd', 'new', store);
    await mkdir(join(this.#dir, 'osd'));
    await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', store);
    this.#spawn('ceph-osd', '-i', '0');
    const { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret } = bucketKeys;
    const user = ['--uid', 'weir', '--display-name', 'weir'];
    const keys = ['--access-key', key, '--secret-key', secret];
    await run('radosgw-admin', 'user', 'create', ...user, ...keys);
    const frontend = `beast endpoint=127.0.0.1:${this.#port}`;
    this.#spawn('radosgw', '--keyring', this.#keys, '--rgw-frontends', frontend);
    while (!(await this.#answers())) await sleep(50, undefined, { signal });
    await this.#makeBucket();
  }

  /** Of all parts in one file; the monitor takes them over from there. */
  async #makeKeys(signal: AbortSignal): Promise<void> {
    const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *'];
    for (const [who, args] of [
      ['mon.', ['--create-keyring', '--cap', 'mon', 'allow *']],
      ['client.admin', all],
      ['osd.0', all],
    ] as const) {
      await this.#run(signal, 'ceph-authtool', this.#keys, '--gen-key', '-n', who, ...args);
    }
  }

  #settings(farm: string, monitor: string): string {
    return `[global]
fsid = ${farm}
mon host = ${monitor}
keyring = ${this.#keys}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd crush chooseleaf type = 0
osd objectstore = memstore
public addr = 127.0.0.1
cluster addr = 127.0.0.1
run dir = ${this.#dir}
log file = ${this.#dir}/$name.log
admin socket = ${this.#dir}/$name.asok
pid file = ${this.#dir}/$name.pid
mon data = ${this.#dir}/mon
osd data = ${this.#dir}/osd
`;
  }

  async #run(signal: AbortSignal, program: string, ...args: readonly string[]): Promise<void> {
    await execute(program, ['-c', join(this.#dir, 'ceph.conf'), ...args], { signal });
  }

  #spawn(program: string, ...args: readonly string[]): void {
    const all = ['-f', '-c', join(this.#dir, 'ceph.conf'), ...args];
    this.#children.push(spawn(program, all, { stdio: 'ignore' }));
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(this.#endpoint)).ok;
    } catch {
      return false;
    }
  }

  async #makeBucket(): Promise<void> {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = bucketKeys;
    const client = new S3Client({
      region: 'us-east-1',
      endpoint: this.#endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    await client.send(new CreateBucketCommand({ Bucket: 'farm' }));
    client.destroy();
  }
}
