import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { dataDirOf, defaultDataDir } from '../data-dir.ts';
import { databaseUrlOf } from '../database-url.ts';
import { memberNameOf } from '../member-name.ts';
import { redisUrlOf } from '../redis-url.ts';
import { parseCommandLine, parseOneOf, parsePort, UsageError } from '../usage.ts';

const defaults = { port: '8010', host: '127.0.0.1' };

export const webCommand: CliCommand = {
  name: 'web',
  summary: 'serve the pages and the API of a farm on PostgreSQL, beside its masters',
  usage: `weir web --database URL --objects URL [OPTIONS]

  --database URL         the masters' postgres://USER@HOST/NAME (default: $WEIR_DATABASE_URL)
  --objects URL          as the masters have it (default: $WEIR_OBJECTS_URL, else below --data)
  --redis URL            as the masters have it, for the page of the queue (default: $WEIR_REDIS_URL)
  --data DIR             what is being uploaded (default: $WEIR_DATA, else ./${defaultDataDir})
  --port N               pages and API (default: $WEIR_PORT, else ${defaults.port})
  --host ADDRESS         address to listen on (default: ${defaults.host}; a reverse proxy adds TLS)
  --name NAME            this process's among those of the farm (default: $WEIR_NAME, else the machine's)
  --log text|json        lines for people, or JSON objects (default: $WEIR_LOG, else text)

The masters have the same database, and a Redis. What pages say of the farm, and who may sign in, is
in the database; hooks of forges need $WEIR_HOOK_SECRET here, too. /readyz says whether a master is
alive: without one pages answer, and what people ask for is written and done when there is one again.`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: {
        database: { type: 'string' },
        objects: { type: 'string' },
        redis: { type: 'string' },
        data: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        name: { type: 'string' },
        log: { type: 'string' },
        json: { type: 'boolean' },
      },
    });
    const { env } = process;
    const databaseUrl = databaseUrlOf(values.database);
    if (databaseUrl === null) {
      throw new UsageError(
        "a web server of its own needs the farm's PostgreSQL: --database URL or $WEIR_DATABASE_URL. The pages of a farm in a file are its master's",
      );
    }
    const { parseRedisUrl, runWeb } = await import('@weir/master');
    return runWeb({
      databaseUrl,
      dataDir: dataDirOf(values.data),
      redisUrl: redisUrlOf(values.redis, parseRedisUrl),
      objectsUrl: values.objects ?? (env['WEIR_OBJECTS_URL'] || null),
      port: parsePort(values.port ?? (env['WEIR_PORT'] || defaults.port), '--port'),
      host: values.host ?? defaults.host,
      name: memberNameOf(values.name),
      logFormat: parseOneOf(values.log ?? (env['WEIR_LOG'] || 'text'), '--log', ['text', 'json']),
      json: values.json === true,
    });
  },
};
