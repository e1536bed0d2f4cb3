import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { runtimeKeySchema, sha256Schema } from '@weir/protocol';
import type { RuntimeKey } from '@weir/protocol';
import { z } from 'zod';
import { folderName } from './folder-name.ts';
import { FileLock } from './lock.ts';
import { wipe } from './wipe.ts';

interface Kept {
  readonly key: RuntimeKey;
  readonly bytes: number;
  readonly usedAt: number;
}

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
  async use(key: RuntimeKey, signal: AbortSignal): Promise<FileLock> {
    const lock = await FileLock.take(`${this.path(key)}.lock`, 'shared', signal);
    const now = new Date();
    if (this.isComplete(key)) utimesSync(`${this.path(key)}.json`, now, now);
    return lock;
  }

  /** The artifact that a runtime is, or became; undefined for one that was built for this machine alone. */
  sha256Of(key: RuntimeKey): string | undefined {
    return readMarker(`${this.path(key)}.json`)?.sha256;
  }

  /** Keeps everybody else from a runtime, once no build uses it. */
  reserve(key: RuntimeKey, signal: AbortSignal): Promise<FileLock> {
    return FileLock.take(`${this.path(key)}.lock`, 'exclusive', signal);
  }

  /** Makes the runtime's place an empty folder; it is reserved. */
  empty(key: RuntimeKey): void {
    this.#remove(this.path(key));
    mkdirSync(this.path(key), { recursive: true });
  }

  /** Reserves a runtime, and makes its place an empty folder. */
  async begin(key: RuntimeKey, signal: AbortSignal): Promise<FileLock> {
    const lock = await this.reserve(key, signal);
    this.empty(key);
    return lock;
  }

  /** The runtime is whole: so many bytes of files and, where it is an artifact, which. */
  complete(key: RuntimeKey, made: { bytes: number; sha256?: string }): void {
    writeFileSync(`${this.path(key)}.json`, JSON.stringify({ ...key, ...made }));
  }

  /** Takes back what a failed build left; it is still reserved. */
  discard(key: RuntimeKey): void {
    this.#remove(this.path(key));
  }

  list(): RuntimeKey[] {
    return this.#markers().map(({ key }) => key);
  }

  /**
   * Drops those that were used longest ago, until the others are within so many bytes, and says
   * which. The one used last stays, as do those that builds use.
   */
  prune(maxBytes: number): RuntimeKey[] {
    const dropped: RuntimeKey[] = [];
    let bytes = 0;
    const markers = this.#markers().toSorted((a, b) => b.usedAt - a.usedAt);
    for (const [index, marker] of markers.entries()) {
      bytes += marker.bytes;
      if (index === 0 || bytes <= maxBytes || !this.#drop(marker.key)) continue;
      bytes -= marker.bytes;
      dropped.push(marker.key);
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

  #markers(): Kept[] {
    if (!existsSync(this.#root)) return [];
    const markers: Kept[] = [];
    for (const path of markerPaths(this.#root, 3)) {
      const marker = readMarker(path);
      if (marker === undefined) continue;
      const { sha256: _sha256, bytes, ...key } = marker;
      markers.push({ key, bytes, usedAt: statSync(path).mtimeMs });
    }
    return markers;
  }
}

const markerSchema = runtimeKeySchema.extend({
  sha256: sha256Schema.optional(),
  /** Of all its files. */
  bytes: z.number().default(0),
});

function readMarker(path: string): z.infer<typeof markerSchema> | undefined {
  if (!existsSync(path)) return undefined;
  return markerSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
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
