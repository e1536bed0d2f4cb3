#!/usr/bin/env node
import process from 'node:process';
import { tooOldText } from './node-version.ts';

const tooOld = tooOldText('weir-worker', process.versions.node);
if (tooOld !== null) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(1);
}
const { runCommand } = await import('./run-command.ts');
process.exit(await runCommand(process.argv.slice(2)));
