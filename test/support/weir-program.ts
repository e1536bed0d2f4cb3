import { fileURLToPath } from 'node:url';

/** Names the program to test, see `build-program.ts`. */
export const programVariable = 'WEIR_TEST_PROGRAM';

/** The `weir` that end-to-end tests run: as it is built where all of them run, else its sources. */
export const weir =
  process.env[programVariable] ||
  fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
