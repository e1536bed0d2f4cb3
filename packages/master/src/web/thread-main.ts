import { enableCompileCache } from 'node:module';

// A thread has a compile cache of its own, to be enabled before anything else is loaded.
enableCompileCache();
const { runWebThread } = await import('./run-thread.ts');
await runWebThread();
