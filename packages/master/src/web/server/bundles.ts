import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

/** A file that the farm serves. */
export interface Bundle {
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** Lies beside the built program, see `scripts/build.ts`; run from its sources the farm has none. */
const built = new URL('./public/', import.meta.url);

/** Files for browsers and volunteers, each read or made once for as long as the process lives. */
export class Bundles {
  #agent: Promise<Bundle> | undefined;
  #assets: Promise<ReadonlyMap<string, Bundle>> | undefined;

  /** The worker's agent with all that it needs, as one file. */
  agent(): Promise<Bundle> {
    this.#agent ??= findAgent().catch((error: unknown) => {
      this.#agent = undefined;
      throw error;
    });
    return this.#agent;
  }

  /** What pages load, by names like `main-4K2QXA.js`: the hash makes them cacheable for ever. */
  assets(): Promise<ReadonlyMap<string, Bundle>> {
    this.#assets ??= findAssets().catch((error: unknown) => {
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

async function findAgent(): Promise<Bundle> {
  if (existsSync(built)) return toBundle(await readFile(new URL('weir-worker.mjs', built)));
  const { makeAgent } = await import('./make-bundles.ts');
  return toBundle(await makeAgent());
}

async function findAssets(): Promise<ReadonlyMap<string, Bundle>> {
  const files = existsSync(built) ? await readAssets() : await makeAssets();
  return new Map([...files].map(([name, bytes]) => [name, toBundle(bytes)]));
}

async function readAssets(): Promise<Map<string, Uint8Array>> {
  const folder = new URL('assets/', built);
  const names = await readdir(folder);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await readFile(new URL(name, folder))] as const),
    ),
  );
}

async function makeAssets(): Promise<Map<string, Uint8Array>> {
  const { makeAssets: make } = await import('./make-bundles.ts');
  return make();
}

function toBundle(bytes: Uint8Array): Bundle {
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}
