#!/usr/bin/env node
import process from 'node:process';

const wanted = [24, 15] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < wanted[0] || (major === wanted[0] && minor < wanted[1])) {
  process.stderr.write(
    `weir-worker needs Node ${wanted.join('.')} or newer, this is ${process.versions.node}: get it from nodejs.org, or by 'npm install -g node@24'\n`,
  );
  process.exit(1);
}
const { runCommand } = await import('./run-command.ts');
process.exit(await runCommand(process.argv.slice(2)));
