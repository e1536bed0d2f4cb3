import process from 'node:process';
import { parseArgs } from 'node:util';
import { defaultDataDir } from './join/config.ts';
import { JoinError } from './join/find-farm.ts';
import { joinUsage, runJoin } from './join/join.ts';
import { runWorker } from './join/run-worker.ts';
import { runRunner } from './runner/run-runner.ts';
import { agentVersion } from './version.ts';

const runUsage = `weir worker run [--data DIR]

Runs the worker that joined with this data folder (default ~/.local/share/weir-worker, or $WEIR_DATA).
SIGTERM or Ctrl-C finishes what runs and leaves; a second one ends it at once.
`;

/** What `weir worker ARGS` does, and the one-file agent. Resolves with the exit status. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [word, ...rest] = args;
  const wantsHelp = rest.includes('--help') || rest.includes('-h');
  try {
    switch (word ?? '') {
      case 'join':
        return wantsHelp ? print(joinUsage) : await runJoin(rest);
      case 'run':
        return wantsHelp ? print(runUsage) : await run(rest);
      case 'runner':
        await runRunner(rest[0] ?? '.');
        return 0;
      case '--version':
        return print(`${agentVersion}\n`);
      case '--help':
      case '-h':
        return print(`${joinUsage}\n${runUsage}`);
      default:
        process.stderr.write(`${joinUsage}\n${runUsage}`);
        return 2;
    }
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    process.stderr.write(`weir worker ${word}: ${error.message}\n`);
    return 1;
  }
}

function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { data: { type: 'string' } } });
  return runWorker(values.data ?? defaultDataDir());
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
