import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { DemoWorker } from '../demo/demo-worker.ts';
import { demoFarmText } from '../demo/farm-text.ts';
import { playDemo } from '../demo/play.ts';
import { createDemoRepositories } from '../demo/repositories.ts';
import { parseCommandLine, parseWhole } from '../usage.ts';

const workerNames = ['rill', 'brook'] as const;

export const startCommand: CliCommand = {
  name: 'start',
  summary: 'a demo farm: a small language, two projects, two workers',
  usage: `weir start [--port N] [--worker-port N]

Makes three git repositories on the spot, builds them with two workers on this machine, and lands
commits in them for some minutes. Everything is in a temporary folder that goes with it.

  --port N         pages and API (default: $WEIR_PORT, else 8010)
  --worker-port N  where workers connect (default: $WEIR_WORKER_PORT, else 8011)
  --pause N        seconds between the commits that land (default 30)`,
  async run(args) {
    const { values } = parseCommandLine({
      args,
      options: {
        port: { type: 'string' },
        'worker-port': { type: 'string' },
        pause: { type: 'string' },
      },
    });
    const { env } = process;
    const range = { min: 0, max: 65_535 };
    return startDemo({
      port: parseWhole(values.port ?? env['WEIR_PORT'] ?? '8010', '--port', range),
      workerPort: parseWhole(
        values['worker-port'] ?? env['WEIR_WORKER_PORT'] ?? '8011',
        '--worker-port',
        range,
      ),
      pauseMs: parseWhole(values.pause ?? '30', '--pause', { min: 1, max: 3_600 }) * 1_000,
    });
  },
};

interface DemoOptions {
  readonly port: number;
  readonly workerPort: number;
  readonly pauseMs: number;
}

/** Runs the demo until Ctrl-C or SIGTERM. */
async function startDemo({ port, workerPort, pauseMs }: DemoOptions): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  const say = (line: string): void => void process.stdout.write(`${line}\n`);

  await using disposing = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'weir-demo-'));
  disposing.defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  say('Making a small language, Pebble, and two projects written in it ...');
  const repositories = await createDemoRepositories(join(dir, 'repositories'));
  const farmPath = join(dir, 'farm.yaml');
  await writeFile(farmPath, demoFarmText(repositories));

  const { startMaster, stderrLog } = await import('@weir/master');
  const quiet = { ...stderrLog(), info: () => {} };
  const master = await startMaster({
    farmPath,
    dataDir: join(dir, 'farm'),
    host: '127.0.0.1',
    port,
    workerPort,
    remotes: new Map(),
    adminToken: process.env['WEIR_ADMIN_TOKEN'] ?? null,
    resetAdminToken: false,
    log: quiet,
  });
  disposing.defer(() => master.stop());
  const sandbox = await sandboxHere(join(dir, 'etc'));
  for (const name of workerNames) {
    const worker = new DemoWorker(name, {
      url: `http://127.0.0.1:${master.port}`,
      dataDir: join(dir, name),
      sandbox,
      remotes: repositories.remotes,
      asked: async (fingerprint) => {
        const reason = 'a worker of the demo';
        const command = {
          t: 'accept',
          worker: name,
          fingerprint,
          labels: [],
          trust: 'normal',
          reason,
        } as const;
        await master.engine.command('demo', command);
      },
      failed: (why) => say(`worker ${name}: ${why}`),
    });
    disposing.use(worker);
  }
  for (const line of introduction(master, sandbox)) say(line);
  const played = playDemo(repositories, stop.signal, {
    pauseMs,
    onScene: ({ repository, author, message }) => {
      say(`  ${author.name} to ${repository}: ${message}`);
    },
  });
  await Promise.race([aborted(stop.signal), master.failed]);
  say('\nStopping ...');
  await played;
  return 0;
}

/** Bubblewrap where it works; the demo's own programs may do without, and the page then says so. */
async function sandboxHere(etcDir: string): Promise<'bubblewrap' | 'none'> {
  const { detectSandbox, NoSandboxError } = await import('@weir/worker');
  try {
    return detectSandbox(undefined, etcDir).kind;
  } catch (error) {
    if (error instanceof NoSandboxError) return 'none';
    throw error;
  }
}

function introduction(
  { port, adminToken }: { port: number; adminToken: string | null },
  sandbox: string,
): string[] {
  const url = `http://127.0.0.1:${port}/`;
  return [
    '',
    `  The farm is up:  ${url}`,
    ...(adminToken === null ? [] : [`  Sign in with:    ${adminToken}`]),
    ...(sandbox === 'none'
      ? [
          '  Sandbox:         none, as bubblewrap does not work here; the programs are the demo’s own',
        ]
      : []),
    '',
    'Two workers build Pebble and test its projects. Watch commits land; Ctrl-C ends it all.',
    '',
  ];
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
}
