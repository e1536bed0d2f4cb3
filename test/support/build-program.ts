import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programVariable } from './weir-program.ts';

const root = new URL('../../', import.meta.url);

/** Before all end-to-end tests, once for all processes that run them: they run what users run. */
export function mochaGlobalSetup(): void {
  const build = fileURLToPath(new URL('scripts/build.ts', root));
  execFileSync(process.execPath, [build, '--if-older'], { stdio: 'inherit' });
  process.env[programVariable] = fileURLToPath(new URL('dist/weir.mjs', root));
}
