import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('../../package.json') as { version: string };

/** Of the farm, and of the agent that it serves: they are released together. */
export const weirVersion = manifest.version;
