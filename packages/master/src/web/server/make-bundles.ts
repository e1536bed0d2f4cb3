import { isBuiltin } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

const root = new URL('../../../../../', import.meta.url);

/** Packages in the older module format ask for Node's own by `require`. */
export const requireBanner = `import { createRequire as weirCreateRequire } from 'node:module';
const require = weirCreateRequire(import.meta.url);`;

/** Of ws: faster where they are installed, and not needed. */
export const optionalOfWs = ['bufferutil', 'utf-8-validate'];

/**
 * A module of Node's is asked for when it is used first. What a file imports by name is looked up before
 * any of it runs: on a Node without one of the names, the agent could not even say that it needs another.
 */
const nodeWhenUsed: Plugin = {
  name: 'modules of Node when they are used',
  setup(build) {
    build.onResolve({ filter: /./ }, ({ path, namespace }) => {
      if (!isBuiltin(path)) return undefined;
      return namespace === 'node' ? { path, external: true } : { path, namespace: 'node' };
    });
    build.onLoad({ filter: /./, namespace: 'node' }, ({ path }) => ({
      contents: `module.exports = require('${path}')`,
    }));
  },
};

/**
 * The worker's agent with all that it needs, as one file, from its sources. A Node that is too old for
 * it still reads it, and says so.
 */
export async function makeAgent(): Promise<Uint8Array> {
  const files = await bundle({
    entryPoints: [pathOf('packages/worker/src/main.ts')],
    outfile: 'weir-worker.mjs',
    platform: 'node',
    target: 'node18',
    banner: { js: requireBanner },
    external: optionalOfWs,
    plugins: [nodeWhenUsed],
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
