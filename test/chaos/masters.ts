import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PortChoice } from '../support/port-choice.ts';
import { startPostgres } from '../support/postgres-server.ts';
import type { PostgresServer } from '../support/postgres-server.ts';
import { RedisServer } from '../support/redis-server.ts';
import { createDatabase } from '../support/test-store.ts';
import { JumpingClock, quietPort, SmallDisk } from './machine.ts';
import type { Need } from './plan.ts';
import { Supervised } from './supervised.ts';

export interface MastersOptions {
  /** Logs and data folders are in here. */
  readonly dir: string;
  /** One: a farm on one machine. More: on PostgreSQL and Redis, with as many web servers. */
  readonly engines: number;
  readonly offers: ReadonlySet<Need>;
  /** What fits on the disk of a farm on one machine. */
  readonly diskBytes: number;
  readonly env: Readonly<Record<string, string>>;
  /** Arguments of every master: where the farm file and its repositories are. */
  readonly args: () => readonly string[];
}

/** A process of the farm itself. */
export interface Master {
  readonly name: string;
  readonly process: Supervised;
  readonly disk?: SmallDisk | undefined;
  readonly clock?: JumpingClock | undefined;
}

/** Servers that several engines share. */
export interface Servers {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
}

/** The farm without its workers: one process, or engines and web servers behind one address. */
export interface Masters extends AsyncDisposable {
  readonly engines: readonly Master[];
  /** Web servers of their own; a farm on one machine has none. */
  readonly webs: readonly Master[];
  readonly servers: Servers | undefined;
  /** Of pages and API. */
  readonly url: string;
  /** Where a link to some engine begins, asked for at each. */
  readonly workerPort: () => number;
  /** The first of the engines says so much when it has started. */
  readonly said: Promise<string>;
}

/** Makes what a farm needs, and starts none of its processes. */
export function prepareMasters(options: MastersOptions): Promise<Masters> {
  return options.engines === 1 ? prepareOne(options) : prepareSeveral(options);
}

async function prepareOne({ dir, offers, diskBytes, env, args }: MastersOptions): Promise<Masters> {
  const [port, workerPort] = [await quietPort(), await quietPort()];
  const data = join(dir, 'master');
  const disk = offers.has('root') ? new SmallDisk(data, diskBytes) : undefined;
  const clock = offers.has('faketime') ? new JumpingClock(join(dir, 'master.clock')) : undefined;
  const said = Promise.withResolvers<string>();
  const ports = ['--port', String(port), '--worker-port', String(workerPort)];
  const process = new Supervised({
    args: () => ['master', '--json', '--data', data, ...ports, ...args()],
    env: { ...env, ...clock?.env },
    log: join(dir, 'master.log'),
    said: said.resolve,
  });
  return {
    engines: [{ name: 'master', process, disk, clock }],
    webs: [],
    servers: undefined,
    url: `http://127.0.0.1:${port}`,
    workerPort: () => workerPort,
    said: said.promise,
    async [Symbol.asyncDispose]() {
      disk?.[Symbol.dispose]();
    },
  };
}

async function prepareSeveral(options: MastersOptions): Promise<Masters> {
  const { dir, engines: count, offers, args } = options;
  await using starting = new AsyncDisposableStack();
  const postgres = starting.use(await startPostgres());
  const redis = starting.use(await RedisServer.start());
  const objects = join(dir, 'objects');
  mkdirSync(objects);
  const env = {
    ...options.env,
    WEIR_DATABASE_URL: await createDatabase(postgres.url('postgres'), 'farm'),
    WEIR_REDIS_URL: redis.url,
    WEIR_OBJECTS_URL: `file://${objects}`,
  };
  const said = Promise.withResolvers<string>();
  const engines: Master[] = [];
  const webs: Master[] = [];
  const workerPorts: number[] = [];
  const webPorts: number[] = [];
  for (let n = 1; n <= count; n += 1) {
    const [port, workerPort, webPort] = [await quietPort(), await quietPort(), await quietPort()];
    workerPorts.push(workerPort);
    webPorts.push(webPort);
    const [engine, web] = [`master${n}`, `web${n}`];
    const clock = offers.has('faketime')
      ? new JumpingClock(join(dir, `${engine}.clock`))
      : undefined;
    const ports = ['--port', String(port), '--worker-port', String(workerPort)];
    const data = ['--name', engine, '--data', join(dir, engine)];
    const process = new Supervised({
      args: () => ['master', '--json', ...data, ...ports, ...args()],
      env: { ...env, ...clock?.env },
      log: join(dir, `${engine}.log`),
      said: said.resolve,
    });
    engines.push({ name: engine, process, clock });
    const server = new Supervised({
      args: () => ['web', '--json', '--name', web, '--port', String(webPort)],
      env,
      log: join(dir, `${web}.log`),
    });
    webs.push({ name: web, process: server });
  }
  const front = starting.use(await PortChoice.start(webPorts));
  const links = starting.use(await PortChoice.start(workerPorts));
  const running = starting.move();
  return {
    engines,
    webs,
    servers: { postgres, redis },
    url: `http://127.0.0.1:${front.port}`,
    workerPort: () => links.port,
    said: said.promise,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
