import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runtimeKeySchema } from '@weir/protocol';
import type { RuntimeKey } from '@weir/protocol';
import { folderName } from './folder-name.ts';
import { FileLock } from './lock.ts';
import { wipe } from './wipe.ts';

/** So many runtimes of a trunk and platform are kept, unless a build uses more of them. */
const keptRuntimes = 20;

/**
 * The runtimes kept on this machine. Each is built in its place, since many hold their own path:
 * `UPSTREAM/TRUNK/PLATFORM/COMMIT/` with `COMMIT.json` beside it once it is complete.
 */
export class Runtimes {
  readonly #root: string;
  readonly #trash: string;

  /** @param data The worker's data folder. */
  constructor(data: string) {
    this.#root = join(data, 'runtimes');
    this.#trash = join(data, 'trash');
  }

  path(key: RuntimeKey): string {
    return join(this.#folder(key), key.commit);
  }

  isComplete(key: RuntimeKey): boolean {
    return existsSync(`${this.path(key)}.json`);
  }

  /** Keeps a runtime from being dropped or built again while a build runs with it. */
  use(key: RuntimeKey, signal: AbortSignal): Promise<FileLock> {
    return FileLock.take(`${this.path(key)}.lock`, 'shared', signal);
  }

  /** An empty folder in the runtime's place, once no build uses what stood there. */
  async begin(key: RuntimeKey, signal: AbortSignal): Promise<FileLock> {
    const lock = await FileLock.take(`${this.path(key)}.lock`, 'exclusive', signal);
    this.#remove(this.path(key));
    mkdirSync(this.path(key), { recursive: true });
    return lock;
  }

  complete(key: RuntimeKey): void {
    writeFileSync(`${this.path(key)}.json`, JSON.stringify(key));
  }

  /** Takes back what a failed build left; the lock of `begin` is still held. */
  discard(key: RuntimeKey): void {
    this.#remove(this.path(key));
  }

  list(): RuntimeKey[] {
    return this.#markers().map(({ key }) => key);
  }

  /** Drops the oldest beyond what is kept of each trunk and platform, and says which. */
  prune(keep = keptRuntimes): RuntimeKey[] {
    const kept = new Map<string, number>();
    const dropped: RuntimeKey[] = [];
    for (const { key } of this.#markers().toSorted((a, b) => b.madeAt - a.madeAt)) {
      const folder = this.#folder(key);
      const count = (kept.get(folder) ?? 0) + 1;
      kept.set(folder, count);
      if (count > keep && this.#drop(key)) dropped.push(key);
    }
    return dropped;
  }

  #drop(key: RuntimeKey): boolean {
    using lock = FileLock.try(`${this.path(key)}.lock`, 'exclusive');
    if (lock === null) return false;
    this.#remove(this.path(key));
    return true;
  }

  #remove(path: string): void {
    rmSync(`${path}.json`, { force: true });
    wipe(path, this.#trash);
  }

  #folder({ upstream, trunk, platform }: RuntimeKey): string {
    return join(this.#root, folderName(upstream), folderName(trunk), folderName(platform));
  }

  #markers(): { key: RuntimeKey; madeAt: number }[] {
    if (!existsSync(this.#root)) return [];
    const markers: { key: RuntimeKey; madeAt: number }[] = [];
    for (const path of markerPaths(this.#root, 3)) {
      const key = runtimeKeySchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
      if (key.success) markers.push({ key: key.data, madeAt: statSync(path).mtimeMs });
    }
    return markers;
  }
}

function markerPaths(dir: string, depth: number): string[] {
  const entries = readdirSync(dir, { withFileTypes: true });
  if (depth === 0) {
    return entries.filter(({ name }) => name.endsWith('.json')).map(({ name }) => join(dir, name));
  }
  return entries
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => markerPaths(join(dir, name), depth - 1));
}
