import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';

/** A file that the farm serves, made from sources at first ask. */
export interface Bundle {
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
}

const root = new URL('../../../../../', import.meta.url);

/** Files for browsers and volunteers, each made once for as long as the process lives. */
export class Bundles {
  #agent: Promise<Bundle> | undefined;
  #assets: Promise<ReadonlyMap<string, Bundle>> | undefined;

  /** The worker's agent with all that it needs, as one file. */
  agent(): Promise<Bundle> {
    this.#agent ??= bundleAgent().catch((error: unknown) => {
      this.#agent = undefined;
      throw error;
    });
    return this.#agent;
  }

  /** What pages load, by names like `main-4K2QXA.js`: the hash makes them cacheable for ever. */
  assets(): Promise<ReadonlyMap<string, Bundle>> {
    this.#assets ??= bundleAssets().catch((error: unknown) => {
      this.#assets = undefined;
      throw error;
    });
    return this.#assets;
  }

  /** The URL of `main.js` or `main.css`. */
  async assetUrl(name: 'main.js' | 'main.css'): Promise<string> {
    const [stem, extension] = name.split('.');
    for (const file of (await this.assets()).keys()) {
      if (file.startsWith(`${stem}-`) && file.endsWith(`.${extension}`)) return `/assets/${file}`;
    }
    throw new Error(`the browser's bundle has no ${name}`);
  }
}

async function bundleAgent(): Promise<Bundle> {
  const bundles = await bundle({
    entryPoints: [pathOf('packages/worker/src/main.ts')],
    outfile: 'weir-worker.mjs',
    platform: 'node',
    target: 'node24',
    // Packages in the older module format ask for Node's own by `require`.
    banner: {
      js: `import { createRequire as weirCreateRequire } from 'node:module';
const require = weirCreateRequire(import.meta.url);`,
    },
    // Of ws: faster where they are installed, and not needed.
    external: ['bufferutil', 'utf-8-validate'],
  });
  const agent = bundles.get('weir-worker.mjs');
  if (agent === undefined) throw new Error('the agent was not bundled');
  return agent;
}

function bundleAssets(): Promise<ReadonlyMap<string, Bundle>> {
  return bundle({
    entryPoints: [pathOf('packages/browser/src/main.ts'), pathOf('packages/browser/src/main.css')],
    entryNames: '[name]-[hash]',
    outdir: 'assets',
    platform: 'browser',
    target: 'es2022',
    minify: true,
  });
}

async function bundle(options: BuildOptions): Promise<Map<string, Bundle>> {
  // Only when asked for: it starts a process of its own.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...options,
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  return new Map(
    outputFiles.map(({ path, contents }) => [
      basename(path),
      { bytes: contents, sha256: createHash('sha256').update(contents).digest('hex') },
    ]),
  );
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, root));
}
