import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { cpuSeconds, Report, round } from '../measures.ts';
import type { ToMaster, ToWorker } from './frames.ts';
import { BareStore } from './store.ts';

const workers = 4;
const slots = 4;
const warmUps = 200;

/**
 * What this machine can do at most: a master that does nothing but its 3 synced commits a build,
 * 8 JSON frames without a schema, and 1 kB of log, with workers that spawn `true`.
 */
export async function limit(
  name: string,
  { builds, isGrouped }: { builds: number; isGrouped: boolean },
): Promise<void> {
  const report = new Report('limit', name, { builds, workers, max_builds: slots });
  await using disposing = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'weir-limit-'));
  disposing.defer(() => rm(dir, { recursive: true, force: true }));
  const store = disposing.use(new BareStore(join(dir, 'store.sqlite'), isGrouped));
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  disposing.defer(() => {
    server.close();
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const master = new BareMaster(store);
  server.on('connection', (link) => master.serve(link));
  for (let n = 0; n < workers; n++) {
    const main = fileURLToPath(new URL('./worker.ts', import.meta.url));
    const args = [main, `ws://127.0.0.1:${port}`, String(slots)];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    const exited = once(child, 'exit');
    disposing.defer(async () => {
      child.kill();
      await exited;
    });
  }
  await master.build(warmUps);

  const commits = store.commits;
  const cpu = cpuSeconds(process.pid);
  const start = performance.now();
  await master.build(builds);
  const seconds = (performance.now() - start) / 1_000;
  const params = { commits_per_build: round((store.commits - commits) / builds, 2) };
  report.emit('limit.builds_per_s', builds / seconds, 'builds/s', params);
  const spent = (cpuSeconds(process.pid) - cpu) / builds;
  report.emit('limit.master_cpu_s_per_build', spent, 'cpu-s', params);
}

class BareMaster {
  readonly #store: BareStore;
  readonly #claim: ReturnType<BareStore['prepare']>;
  readonly #start: ReturnType<BareStore['prepare']>;
  readonly #log: ReturnType<BareStore['prepare']>;
  readonly #finish: ReturnType<BareStore['prepare']>;
  /** Links with a free slot; one with two stands here twice. */
  readonly #free: WebSocket[] = [];
  #next = 1;
  #wanted = 0;
  #open = 0;
  #done = Promise.withResolvers<void>();

  constructor(store: BareStore) {
    this.#store = store;
    this.#claim = store.prepare(`insert into build (id, state) values (?, 'claimed')`);
    this.#start = store.prepare(`update build set state = 'running' where id = ?`);
    this.#log = store.prepare('insert into log (build_id, data) values (?, ?)');
    this.#finish = store.prepare(`update build set state = 'finished', exit_code = ? where id = ?`);
  }

  /** Resolves when so many builds are stored as finished. */
  async build(count: number): Promise<void> {
    this.#done = Promise.withResolvers<void>();
    this.#wanted = count;
    this.#open = count;
    this.#offer();
    await this.#done.promise;
  }

  serve(link: WebSocket): void {
    const logs = new Map<number, Uint8Array>();
    link.on('message', (data: Buffer, isBinary) => {
      if (isBinary) logs.set(data.readDoubleBE(), Uint8Array.from(data.subarray(8)));
      else this.#hear(link, logs, JSON.parse(data.toString()) as ToMaster);
    });
  }

  #offer(): void {
    while (this.#wanted > 0) {
      const link = this.#free.shift();
      if (link === undefined) return;
      this.#wanted--;
      const build = this.#next++;
      this.#store.unit(
        () => this.#claim(build),
        () => say(link, { t: 'offer', build, step: 'true' }),
      );
    }
  }

  #hear(link: WebSocket, logs: Map<number, Uint8Array>, message: ToMaster): void {
    switch (message.t) {
      case 'ready':
        for (let n = 0; n < message.slots; n++) this.#free.push(link);
        return this.#offer();
      case 'accept':
        return say(link, { t: 'start', build: message.build });
      case 'started':
        return this.#store.unit(
          () => this.#start(message.build),
          () => say(link, { t: 'ack', build: message.build }),
        );
      case 'finished':
        return this.#finished(link, logs, message);
    }
  }

  #finished(
    link: WebSocket,
    logs: Map<number, Uint8Array>,
    { build, exitCode }: Extract<ToMaster, { t: 'finished' }>,
  ): void {
    const log = logs.get(build) ?? new Uint8Array();
    logs.delete(build);
    this.#store.unit(
      () => {
        this.#log(build, log);
        this.#finish(exitCode, build);
      },
      () => {
        say(link, { t: 'confirmed', build });
        if (--this.#open === 0) this.#done.resolve();
      },
    );
  }
}

function say(link: WebSocket, message: ToWorker): void {
  link.send(JSON.stringify(message));
}
