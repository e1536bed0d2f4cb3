import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runRunner } = await import('./run-runner.ts');

const [slotDir] = process.argv.slice(2);
if (slotDir === undefined) throw new Error('usage: main.ts SLOTDIR');
await runRunner(slotDir);
process.exit(0);
