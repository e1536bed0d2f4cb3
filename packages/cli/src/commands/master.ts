import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { parseCommandLine, parseRemotes, parseWhole, UsageError } from '../usage.ts';

const defaults = { data: 'weir-data', port: '8010', workerPort: '8011', host: '127.0.0.1' };

export const masterCommand: CliCommand = {
  name: 'master',
  summary: 'run a farm from its farm file',
  usage: `weir master --farm FILE [OPTIONS]

  --farm FILE          the farm file; 'weir check FILE' tells what it means
  --data DIR           store, logs and mirrors (default: $WEIR_DATA, else ./${defaults.data})
  --port N             pages and API (default: $WEIR_PORT, else ${defaults.port})
  --worker-port N      where workers connect (default: $WEIR_WORKER_PORT, else ${defaults.workerPort})
  --host ADDRESS       address to listen on (default: ${defaults.host}; a reverse proxy adds TLS)
  --remote URL=PATH    a local mirror that serves in place of URL; repeatable
  --reset-admin-token  make a new admin token and print it

The admin token is $WEIR_ADMIN_TOKEN, else one that is made and printed at the first start.
SIGHUP reads the farm file again; while it is broken, the last good one stays in force.`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: {
        farm: { type: 'string' },
        data: { type: 'string' },
        port: { type: 'string' },
        'worker-port': { type: 'string' },
        host: { type: 'string' },
        remote: { type: 'string', multiple: true },
        'reset-admin-token': { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
    if (values.farm === undefined) throw new UsageError('--farm FILE is missing');
    const { env } = process;
    const { runMaster } = await import('@weir/master');
    return runMaster({
      farmPath: values.farm,
      dataDir: values.data ?? env['WEIR_DATA'] ?? defaults.data,
      port: parsePort(values.port ?? env['WEIR_PORT'] ?? defaults.port, '--port'),
      workerPort: parsePort(
        values['worker-port'] ?? env['WEIR_WORKER_PORT'] ?? defaults.workerPort,
        '--worker-port',
      ),
      host: values.host ?? defaults.host,
      remotes: parseRemotes(values.remote ?? []),
      adminToken: env['WEIR_ADMIN_TOKEN'] ?? null,
      resetAdminToken: values['reset-admin-token'] === true,
      json: values.json === true,
    });
  },
};

function parsePort(value: string, option: string): number {
  return parseWhole(value, option, { min: 0, max: 65_535 });
}
