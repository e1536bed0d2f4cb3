#!/usr/bin/env -S node --max-semi-space-size=4 --initial-old-space-size=64
// The first as in the master's thread-limits.ts. The second: V8 counts buffers to a heap that is small
// otherwise, and would collect its garbage anew after every few MB of a log. Megabytes, of each thread.

// By its default export: a Node that is too old has no `enableCompileCache` to import by name.
import nodeModule from 'node:module';
import process from 'node:process';
import { tooOldText } from '@weir/worker/node-version';

const tooOld = tooOldText('weir', process.versions.node);
if (tooOld !== null) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(1);
}
// Whoever reads the output may have read enough: `weir versions 3 | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
// Before anything else is loaded: what is loaded later is found compiled the next time.
nodeModule.enableCompileCache();
const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));
