import { enableCompileCache } from 'node:module';

// A thread has a compile cache of its own, to be enabled before anything else is loaded.
enableCompileCache();
await import('../web.ts');
