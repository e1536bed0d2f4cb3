import process from 'node:process';
import { parseArgs } from 'node:util';
import { doctorUsage, runDoctor } from './doctor/doctor.ts';
import { installUsage, runInstall } from './install/install.ts';
import { defaultDataDir } from './join/config.ts';
import { JoinError } from './join/find-farm.ts';
import { joinUsage, runJoin } from './join/join.ts';
import { handedOverStatus, parseStopWithin, runWorker } from './join/run-worker.ts';
import { ownerUsage, runOwnerCommand } from './owner/commands.ts';
import { parseLogFormat } from './owner/say.ts';
import { runStatus, statusUsage } from './owner/status.ts';
import { runReader } from './report/run-reader.ts';
import { reproduceUsage, runReproduce } from './reproduce/command.ts';
import { runRunner } from './runner/run-runner.ts';
import { agentVersion } from './version.ts';

const runUsage = `weir worker run [--data DIR] [--stop-within SECONDS] [--log text|json]

Runs the worker that joined with this data folder (default ~/.local/share/weir-worker, or $WEIR_DATA).

  --stop-within SECONDS  how long builds may go on after SIGTERM (default: to their end)
  --log text|json        lines for people, or JSON objects (default: $WEIR_LOG, else text)

SIGTERM or Ctrl-C finishes what runs and leaves. A second one ends it at once: the farm is told, and
builds it elsewhere. SIGHUP ends the agent alone: builds go on without it, and the next 'run' finds
them. The exit status is ${handedOverStatus} then.
`;

const allUsage = [
  joinUsage,
  runUsage,
  installUsage,
  statusUsage,
  ownerUsage,
  doctorUsage,
  reproduceUsage,
].join('\n');

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
      case 'status':
        return wantsHelp ? print(statusUsage) : await runStatus(rest);
      case 'pause':
      case 'resume':
      case 'slots':
      case 'leave':
        return wantsHelp ? print(ownerUsage) : await runOwnerCommand(word ?? '', rest);
      case 'install':
      case 'uninstall':
        return wantsHelp ? print(installUsage) : await runInstall(word ?? '', rest);
      case 'doctor':
        return wantsHelp ? print(doctorUsage) : await runDoctor(rest);
      case 'reproduce':
        return await runReproduce(rest);
      case 'runner':
        await runRunner(rest[0] ?? '.');
        return 0;
      case 'report':
        await runReader();
        return 0;
      case '--version':
        return print(`${agentVersion}\n`);
      case '--help':
      case '-h':
        return print(allUsage);
      default:
        process.stderr.write(
          word === undefined
            ? allUsage
            : `weir worker: there is no command '${word}'; 'weir worker --help' lists what there is\n`,
        );
        return 2;
    }
  } catch (error) {
    if (!(error instanceof JoinError) && !isBadUsage(error)) throw error;
    process.stderr.write(`weir worker ${word}: ${error.message}\n`);
    return error instanceof JoinError ? 1 : 2;
  }
}

function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      'stop-within': { type: 'string' },
      log: { type: 'string' },
    },
  });
  const { data = defaultDataDir(), 'stop-within': stopWithin } = values;
  const logFormat = parseLogFormat(values.log);
  return runWorker(data, { stopWithinMs: parseStopWithin(stopWithin), logFormat });
}

/** What `parseArgs` throws. */
function isBadUsage(error: unknown): error is Error {
  return (
    error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  );
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
