import { enableCompileCache } from 'node:module';

enableCompileCache();
const { runReader } = await import('./run-reader.ts');

await runReader();
process.exit(0);
