import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ensureAdminToken } from './admin-token.ts';
import type { FarmOptions, FarmSource } from './farm/farm-source.ts';
import { fileSource } from './farm/farm-source.ts';
import { appliedInWords } from './farm/follow-own-file.ts';
import { FarmInForce } from './farm/in-force.ts';
import { OwnFile } from './farm/own-file.ts';
import type { FarmRepository } from './farm/repository-source.ts';
import { repositorySource } from './farm/repository-source.ts';
import type { Log } from './log.ts';
import { newestEventAt } from './store/events.ts';
import type { FileLock } from './store/lock-file.ts';
import { lockFile } from './store/lock-file.ts';
import { StoreInUseError } from './store/store-errors.ts';
import type { Store } from './store/store.ts';
import { openStore } from './store/store.ts';
import type { FarmKey } from './workers/farm-key.ts';
import { openFarmKey } from './workers/farm-key.ts';
import { sharedFarmKey } from './workers/shared-farm-key.ts';

export interface OpenFarmOptions {
  /** On this machine's disk or, with a repository, from the top of that. */
  readonly farmPath: string;
  /** Where the farm file is followed; null: it is on the disk. */
  readonly farmRepository: Omit<FarmRepository, 'path'> | null;
  readonly dataDir: string;
  /** `postgres://...`, where the facts are; null: in a file of the data folder. */
  readonly databaseUrl: string | null;
  /** A Redis for a farm with several engines; null: the farm needs none. */
  readonly redisUrl: URL | null;
  /** What this engine is called among others. */
  readonly name: string;
  readonly remotes: ReadonlyMap<string, string>;
  readonly adminToken: string | null;
  readonly resetAdminToken: boolean;
  /** The engine's. */
  readonly log: Log;
}

/** What a master has before its roles begin. */
export interface OpenFarm {
  /** The store's. */
  readonly place: string;
  /** There may be other engines, and web processes. */
  readonly isShared: boolean;
  readonly store: Store;
  /** When the newest event was, when the store was opened. */
  readonly newestAt: number | null;
  readonly source: FarmSource;
  readonly farmOptions: FarmOptions;
  readonly ownFile: OwnFile;
  readonly farmInForce: FarmInForce;
  readonly farmKey: FarmKey;
  /** Made at this start; null when it is known already. */
  readonly adminToken: string | null;
}

/**
 * Opens the store, brings the farm file in force, and finds or makes the farm's secrets.
 *
 * `disposing` closes what is open, `signal` ends what is asked of a repository.
 *
 * @throws Error see `startMaster`
 */
export async function openFarm(
  options: OpenFarmOptions,
  { disposing, signal }: { disposing: AsyncDisposableStack; signal: AbortSignal },
): Promise<OpenFarm> {
  const { databaseUrl, log } = options;
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const place = databaseUrl ?? join(dataDir, 'weir.sqlite');
  const isShared = databaseUrl !== null && options.redisUrl !== null;
  if (databaseUrl !== null) disposing.adopt(lockFolder(dataDir), (lock) => lock.close());
  const say = (text: string): void => log.info(text);
  const store = disposing.use(await openStore(place, { say, isShared }));
  const newestAt = await newestEventAt(store.read);
  const { source, farmOptions } = sourceOf(options, dataDir, signal);
  const by = isShared ? `engine:${options.name}` : 'engine';
  const ownFile = new OwnFile({ store, source, options: farmOptions, by, log });
  const { inForce, next } = await ownFile.start({ isShared });
  const farmInForce = new FarmInForce(store, inForce, isShared ? () => farmOptions : null);
  // What another engine put in force is in force: it wrote all that follows.
  if (inForce === null || !isShared || !(await hasCaughtUp(farmInForce))) {
    const applied = await farmInForce.apply(next.farm, next.version, store.now());
    if (inForce !== null && applied.isNew) log.info(appliedInWords(applied));
  }
  const keyPath = join(dataDir, 'farm-key.pem');
  const farmKey =
    databaseUrl === null ? openFarmKey(keyPath) : await sharedFarmKey(store, keyPath, log);
  const { adminToken: given, resetAdminToken: reset } = options;
  const adminToken = await ensureAdminToken(store, { given, reset });
  return {
    place,
    isShared,
    store,
    newestAt,
    source,
    farmOptions,
    ownFile,
    farmInForce,
    farmKey,
    adminToken,
  };
}

/** An SQLite store has the same lock by itself. @throws StoreInUseError when another master has the folder */
function lockFolder(dataDir: string): FileLock {
  const lock = lockFile(join(dataDir, 'weir.sqlite.lock'));
  if (lock !== null) return lock;
  throw new StoreInUseError(
    `another master has ${dataDir} open: stop it first, or give this one a --data of its own`,
  );
}

/** Whether the version in force is another engine's, and can be gone by as that wrote it down. */
async function hasCaughtUp(farmInForce: FarmInForce): Promise<boolean> {
  try {
    return await farmInForce.catchUp();
  } catch {
    // This program finds more in it than the one that applied it.
    return false;
  }
}

/** Where the farm file is, and how farm files are read wherever they come from. */
function sourceOf(
  { farmPath, farmRepository, remotes }: OpenFarmOptions,
  dataDir: string,
  signal: AbortSignal,
): { source: FarmSource; farmOptions: FarmOptions } {
  if (farmRepository === null) {
    const farmOptions = { remotes, base: dirname(resolve(farmPath)) };
    return { source: fileSource(farmPath, farmOptions), farmOptions };
  }
  const farmOptions = { remotes, base: dataDir };
  const mirrors = join(dataDir, 'farm-file');
  const repository = { ...farmRepository, path: farmPath };
  const source = repositorySource(repository, farmOptions, { mirrors, signal });
  return { source, farmOptions };
}
