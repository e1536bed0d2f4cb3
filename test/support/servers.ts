import { has, isRequired, needs, postgresImage, redisImage } from './needs.ts';
import type { Need } from './needs.ts';
import { postgresSettings, startPostgres } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';
import { keptSettings, RedisServer } from './redis-server.ts';

/** Images of the Redis project and of PostgreSQL's, for machines that have no servers of their own. */
const published = { redis: 'redis:7.2-bookworm', postgres: 'postgres:15-bookworm' } as const;

/** A suite or a test of mocha. */
export interface Context {
  skip(): never;
  timeout(ms: number): unknown;
}

/** A Redis that a test may use, and not stop. */
export type AnyRedis = Pick<RedisServer, 'url'> & AsyncDisposable;
/** A PostgreSQL that a test may make databases on, and not stop. */
export type AnyPostgres = Pick<PostgresServer, 'url'> & AsyncDisposable;

interface Kind<T> {
  readonly need: Need & keyof typeof published;
  readonly made: string;
  readonly startHere: () => Promise<T>;
  readonly startIn: (image: string) => Promise<T>;
}

const redis: Kind<AnyRedis> = {
  need: 'redis',
  made: redisImage,
  startHere: () => RedisServer.start(),
  startIn: async (image) => {
    const [{ startContainer }, { Wait }] = await loadContainers();
    const settings = Object.entries(keptSettings).flatMap(([name, value]) => [`--${name}`, value]);
    const container = await startContainer({
      image,
      command: ['redis-server', '--protected-mode', 'no', ...settings],
      port: 6379,
      ready: Wait.forLogMessage('Ready to accept connections'),
    });
    return {
      url: `redis://${container.address}`,
      [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
    };
  },
};

const postgres: Kind<AnyPostgres> = {
  need: 'postgres',
  made: postgresImage,
  startHere: startPostgres,
  startIn: async (image) => {
    const [{ startContainer }, { Wait }] = await loadContainers();
    const settings = ['listen_addresses=*', ...postgresSettings];
    const container = await startContainer({
      image,
      command: ['postgres', ...settings.flatMap((setting) => ['-c', setting])],
      environment: {
        POSTGRES_USER: 'weir',
        POSTGRES_HOST_AUTH_METHOD: 'trust',
        POSTGRES_INITDB_ARGS: '--no-sync --encoding=UTF8 --locale=C.UTF-8',
      },
      port: 5432,
      // The published image first runs one that listens to nobody outside.
      ready: Wait.forSuccessfulCommand('pg_isready --host=127.0.0.1 --username=weir'),
    });
    return {
      url: (database) => `postgres://weir@${container.address}/${database}`,
      [Symbol.asyncDispose]: () => container[Symbol.asyncDispose](),
    };
  },
};

/** Loaded when asked for: half a second. */
function loadContainers() {
  return Promise.all([import('./containers.ts'), import('testcontainers')]);
}

/**
 * Starts a server for a suite that never takes it away, and prints which: one of this machine, else
 * one in a container; a suite of contracts, `inContainer`, does it the other way round when an image
 * is here. An image is fetched only where there is no server else. Without any the suite is skipped.
 */
async function start<T>(
  { need, made, startHere, startIn }: Kind<T>,
  context: Context,
  { inContainer = false } = {},
): Promise<T> {
  const isHere = has(need);
  if (inContainer || !isHere) {
    const image = await imageFor(context, { images: [made, published[need]], isHere });
    if (image !== undefined) {
      console.log(`      in a container of ${image}`);
      return startIn(image);
    }
    if (inContainer && isRequired('docker')) {
      throw new Error(`WEIR_TEST_REQUIRE names docker, and there is no container of ${made}`);
    }
  }
  needs(context, need);
  console.log(`      on the ${need} of this machine`);
  return startHere();
}

async function imageFor(
  context: Context,
  { images, isHere }: { images: readonly [string, string]; isHere: boolean },
): Promise<string | undefined> {
  const [{ fetchImage, imageHere }] = await loadContainers();
  const image = await imageHere(images);
  if (image !== undefined || isHere) return image;
  // To fetch it, and to start it.
  context.timeout(180_000);
  return (await fetchImage(images[1])) ? images[1] : undefined;
}

export function startAnyRedis(
  context: Context,
  options?: { inContainer?: boolean },
): Promise<AnyRedis> {
  return start(redis, context, options);
}

export function startAnyPostgres(
  context: Context,
  options?: { inContainer?: boolean },
): Promise<AnyPostgres> {
  return start(postgres, context, options);
}

/** For a test that takes its Redis away: skips by name where the suite's is not of this machine. */
export function ownRedis(context: Context, server: AnyRedis): RedisServer {
  if (server instanceof RedisServer) return server;
  needs(context, 'redis');
  throw new Error('the suite has its Redis in a container');
}

/** For a test that takes its PostgreSQL away: skips by name where the suite's is not of this machine. */
export function ownPostgres(context: Context, server: AnyPostgres): PostgresServer {
  if ('kill' in server) return server as PostgresServer;
  needs(context, 'postgres');
  throw new Error('the suite has its PostgreSQL in a container');
}
