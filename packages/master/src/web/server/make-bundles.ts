import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';

const root = new URL('../../../../../', import.meta.url);

/** Packages in the older module format ask for Node's own by `require`. */
export const requireBanner = `import { createRequire as weirCreateRequire } from 'node:module';
const require = weirCreateRequire(import.meta.url);`;

/** Of ws: faster where they are installed, and not needed. */
export const optionalOfWs = ['bufferutil', 'utf-8-validate'];

/** The worker's agent with all that it needs, as one file, from its sources. */
export async function makeAgent(): Promise<Uint8Array> {
  const files = await bundle({
    entryPoints: [pathOf('packages/worker/src/main.ts')],
    outfile: 'weir-worker.mjs',
    platform: 'node',
    target: 'node24',
    banner: { js: requireBanner },
    external: optionalOfWs,
  });
  const agent = files.get('weir-worker.mjs');
  if (agent === undefined) throw new Error('the agent was not bundled');
  return agent;
}

/** What pages load, from its sources, by names like `main-4K2QXA.js`. */
export function makeAssets(): Promise<Map<string, Uint8Array>> {
  return bundle({
    entryPoints: [pathOf('packages/browser/src/main.ts'), pathOf('packages/browser/src/main.css')],
    entryNames: '[name]-[hash]',
    outdir: 'assets',
    platform: 'browser',
    target: 'es2022',
    minify: true,
  });
}

async function bundle(options: BuildOptions): Promise<Map<string, Uint8Array>> {
  // Only when asked for: it starts a process of its own.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, root));
}
