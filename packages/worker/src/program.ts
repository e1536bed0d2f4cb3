import process from 'node:process';
import { runCommand } from './run-command.ts';

// The worker of the built program: what `weir` imports, and what it starts for each slot.
export * from './index.ts';

if (import.meta.main) process.exit(await runCommand(process.argv.slice(2)));
