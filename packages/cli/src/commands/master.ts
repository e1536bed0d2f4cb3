import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { dataDirOf, defaultDataDir } from '../data-dir.ts';
import { databaseUrlOf } from '../database-url.ts';
import { memberNameOf } from '../member-name.ts';
import { redisUrlOf } from '../redis-url.ts';
import { parseCommandLine, parseOneOf, parsePort, parseRemotes, UsageError } from '../usage.ts';

const defaults = { port: '8010', workerPort: '8011', host: '127.0.0.1' };

export const masterCommand: CliCommand = {
  name: 'master',
  summary: 'run a farm from its farm file',
  usage: `weir master --farm FILE [OPTIONS]
weir master --farm-repository URL [--farm-branch NAME] --farm FILE-IN-IT [OPTIONS]

  --farm FILE            the farm file; 'weir check FILE' tells what it means
  --farm-repository URL  follow the farm file in a git repository: FILE is its path there
  --farm-branch NAME     the branch of that repository (default: main)
  --data DIR             store, logs, objects and mirrors (default: $WEIR_DATA, else ./${defaultDataDir})
  --database URL         postgres://USER@HOST/NAME for store and logs (default: $WEIR_DATABASE_URL)
  --objects URL          artifacts, lists of tests, and with --database logs that have ended:
                         s3://BUCKET/PREFIX?endpoint=URL&region=NAME, or file:///FOLDER
                         (default: $WEIR_OBJECTS_URL, else below --data)
  --port N               pages and API (default: $WEIR_PORT, else ${defaults.port})
  --worker-port N        where workers connect (default: $WEIR_WORKER_PORT, else ${defaults.workerPort})
  --host ADDRESS         address to listen on (default: ${defaults.host}; a reverse proxy adds TLS)
  --redis URL            with --database: one that several masters share (default: $WEIR_REDIS_URL, else none)
  --remote URL=PATH      a local mirror that serves in place of URL; repeatable
  --name NAME            this engine's among several (default: $WEIR_NAME, else the machine's)
  --log text|json        lines for people, or JSON objects (default: $WEIR_LOG, else text)
  --reset-admin-token    make a new admin token and print it

The admin token is $WEIR_ADMIN_TOKEN, else one that is made and printed at the first start.
A farm file that is another one than when it was read last comes into force at the start and at
SIGHUP; one in a repository is asked for every minute. While it is broken, the last good one stays
in force, and until it changes so does what 'weir apply' put in force.`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: {
        farm: { type: 'string' },
        'farm-repository': { type: 'string' },
        'farm-branch': { type: 'string' },
        data: { type: 'string' },
        database: { type: 'string' },
        objects: { type: 'string' },
        port: { type: 'string' },
        'worker-port': { type: 'string' },
        host: { type: 'string' },
        name: { type: 'string' },
        redis: { type: 'string' },
        remote: { type: 'string', multiple: true },
        log: { type: 'string' },
        'reset-admin-token': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    if (values.farm === undefined) throw new UsageError('--farm FILE is missing');
    const { env } = process;
    const { parseRedisUrl, runMaster } = await import('@weir/master');
    return runMaster({
      farmPath: values.farm,
      farmRepository: repositoryOf(values),
      dataDir: dataDirOf(values.data),
      databaseUrl: databaseUrlOf(values.database),
      port: parsePort(values.port ?? (env['WEIR_PORT'] || defaults.port), '--port'),
      workerPort: parsePort(
        values['worker-port'] ?? (env['WEIR_WORKER_PORT'] || defaults.workerPort),
        '--worker-port',
      ),
      host: values.host ?? defaults.host,
      name: memberNameOf(values.name),
      redisUrl: redisUrlOf(values.redis, parseRedisUrl),
      remotes: parseRemotes(values.remote ?? []),
      // A variable that is set to nothing, as compose files do it, is not set.
      adminToken: env['WEIR_ADMIN_TOKEN'] || null,
      logFormat: parseOneOf(values.log ?? (env['WEIR_LOG'] || 'text'), '--log', ['text', 'json']),
      objectsUrl: values.objects ?? (env['WEIR_OBJECTS_URL'] || null),
      resetAdminToken: values['reset-admin-token'] === true,
      json: values.json === true,
    });
  },
};

/** @throws UsageError when the options don't fit together */
function repositoryOf(values: {
  farm?: string | undefined;
  'farm-repository'?: string | undefined;
  'farm-branch'?: string | undefined;
}): { url: string; branch: string } | null {
  const { farm = '', 'farm-repository': url, 'farm-branch': branch } = values;
  if (url === undefined) {
    if (branch === undefined) return null;
    throw new UsageError('--farm-branch is of a --farm-repository');
  }
  if (farm.split('/').some((part) => ['', '.', '..'].includes(part))) {
    throw new UsageError(`--farm is a path from the top of the repository, not '${farm}'`);
  }
  return { url, branch: branch ?? 'main' };
}
