#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import process from 'node:process';

// Before anything else is loaded: what is loaded later is found compiled the next time.
enableCompileCache();
const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));
