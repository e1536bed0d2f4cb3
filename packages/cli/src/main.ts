#!/usr/bin/env -S node --max-semi-space-size=4
import { enableCompileCache } from 'node:module';
import process from 'node:process';

// Whoever reads the output may have read enough: `weir versions 3 | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
// Before anything else is loaded: what is loaded later is found compiled the next time.
enableCompileCache();
const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));
