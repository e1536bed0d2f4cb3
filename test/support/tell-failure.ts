import type { Context, RootHookObject } from 'mocha';
import { FarmProcess } from './farm-process.ts';

/** With a test that failed: what its farms said and saw last, which may be all that there is to go by. */
export const mochaHooks: RootHookObject = {
  afterEach(this: Context) {
    if (this.currentTest?.state !== 'failed') return;
    for (const farm of FarmProcess.living) console.error(farm.lastWords());
  },
};
