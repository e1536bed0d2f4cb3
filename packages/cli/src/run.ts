import process from 'node:process';
import { commands } from './commands.ts';
import { readSecretsFromFiles } from './secrets-from-files.ts';
import { UsageError } from './usage.ts';

/** Runs one `weir` command line. Resolves with the exit status. */
export async function run(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((known) => known.name === name);
  if (command === undefined) {
    process.stderr.write(`weir: there is no command '${name}'. 'weir --help' lists them.\n`);
    return 2;
  }
  const wantsHelp = args.includes('--help') || args.includes('-h');
  if (wantsHelp && command.hasOwnHelp !== true) {
    process.stdout.write(`weir ${name}: ${command.summary}\n\n${command.usage.trim()}\n`);
    return 0;
  }
  try {
    readSecretsFromFiles();
    return await command.run(args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`weir ${name}: ${error.message}\n`);
    if (error instanceof UsageError) {
      process.stderr.write(`'weir ${name} --help' says how it is used.\n`);
    } else if (process.env['WEIR_DEBUG'] !== undefined) process.stderr.write(`${error.stack}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Weir, a build farm: who broke what, from a commit on a trunk to a cell on the waterfall.\n
Usage: weir COMMAND [OPTIONS]\n
${lines.join('\n')}\n
'weir COMMAND --help' tells more. Most take --json.\n`;
}
