import process from 'node:process';
import type { CliCommand } from '../command.ts';
import { startDemo } from '../demo/start-demo.ts';
import type { DemoOptions } from '../demo/start-demo.ts';
import { parseCommandLine, parseWhole } from '../usage.ts';
import { masterCommand } from './master.ts';

export const startCommand: CliCommand = {
  name: 'start',
  summary: 'a demo farm: a small language, four projects, two workers; or a farm of your own',
  usage: `weir start [--port N] [--worker-port N] [--pause N]
weir start --farm FILE [OPTIONS of weir master]

Makes a small language and four projects on the spot, builds them with two workers on this
machine, and lands commits in them for about ten minutes: things break, and are mended. Everything
is in a temporary folder that goes with it. With --farm it runs that farm instead, as weir master.

  --port N         pages and API (default: $WEIR_PORT, else 8010)
  --worker-port N  where workers connect (default: $WEIR_WORKER_PORT, else 8011)
  --pause N        seconds between the commits that land (default 45, and 7 between the first three);
                   Enter lands the next at once`,
  async run(args) {
    if (args.some((arg) => arg === '--farm' || arg.startsWith('--farm='))) {
      return masterCommand.run(args);
    }
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
    const portOf = (text: string, option: string): number => parseWhole(text, option, range);
    return startDemo({
      port: portOf(values.port ?? env['WEIR_PORT'] ?? '8010', '--port'),
      workerPort: portOf(
        values['worker-port'] ?? env['WEIR_WORKER_PORT'] ?? '8011',
        '--worker-port',
      ),
      ...pausesOf(values.pause),
    });
  },
};

/** The commits of the first story come faster: there shall soon be something to see. */
function pausesOf(text: string | undefined): Pick<DemoOptions, 'firstPauseMs' | 'pauseMs'> {
  if (text === undefined) return { firstPauseMs: 7_000, pauseMs: 45_000 };
  const pauseMs = parseWhole(text, '--pause', { min: 1, max: 86_400 }) * 1_000;
  return { firstPauseMs: pauseMs, pauseMs };
}
