import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectsPlace } from './builds/objects/objects-place.ts';
import { objectsPlaceOf, shownObjectsPlace } from './builds/objects/objects-place.ts';
import { firstSignal } from './first-signal.ts';
import type { Log } from './log.ts';
import { onceLog, openLog } from './log.ts';
import { Membership } from './members/membership.ts';
import type { RunWebOptions } from './run-web.ts';
import { StoreInUseError } from './store/store-errors.ts';
import type { Store } from './store/store.ts';
import { openStore, serverPatienceMs } from './store/store.ts';
import { startWeb } from './web.ts';
import { StoreLink } from './web/live/store-link.ts';
import { weirVersion } from './web/version.ts';
import { knownFarmKey } from './workers/shared-farm-key.ts';

/** A web server that comes up before the farm's first engine waits for it. */
const lookEveryMs = 1_000;

/** Uploads that nobody goes on with are of no use: a folder of this server's own is swept by nobody else. */
const sweepEveryMs = 3_600_000;
const uploadGraceMs = 24 * 3_600_000;

/** See `runWeb`. */
export async function runWebProcess(options: RunWebOptions): Promise<number> {
  const { databaseUrl, host } = options;
  const log = await openLog(options.logFormat, 'web');
  const dataDir = resolve(options.dataDir);
  const objectsPlace = objectsPlaceOf(options.objectsUrl, dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await using running = new AsyncDisposableStack();
  const say = (text: string): void => log.info(text);
  const store = running.use(await openShared(databaseUrl, say));
  const told = new AbortController();
  const signalled = firstSignal().finally(() => told.abort());
  const link = await openLink(store, log, told.signal);
  if (link === null) return 0;
  running.use(link);
  checkObjects(objectsPlace, link.objects, log);
  const self = { role: 'web', name: options.name, version: weirVersion } as const;
  const membership = await Membership.join({ store, log, ...self });
  running.defer(() => membership.leave());
  const { now, read: db } = store;
  const redisUrl = options.redisUrl?.href ?? null;
  const place = { store: databaseUrl, host, port: options.port, dataDir, objectsPlace, redisUrl };
  const web = await startWeb({ ...place, db, link, now, log });
  running.defer(() => web.stop());
  const sweeping = setInterval(() => {
    web.uploads
      .sweep(now() - uploadGraceMs)
      .catch((error: unknown) => log.warn(`old uploads were not removed: ${String(error)}`));
  }, sweepEveryMs);
  running.defer(() => clearInterval(sweeping));
  const url = `http://${host}:${web.port}`;
  process.stdout.write(options.json ? `${JSON.stringify({ url })}\n` : `Weir's pages   ${url}/\n`);
  log.info(`stopping: ${await signalled}`);
  return 0;
}

async function openShared(url: string, say: (text: string) => void): Promise<Store> {
  try {
    return await openStore(url, { say, isShared: true, patienceMs: serverPatienceMs });
  } catch (error) {
    if (!(error instanceof StoreInUseError)) throw error;
    throw new Error(`a master has this database for itself: ${needsRedis}`, { cause: error });
  }
}

const needsRedis =
  'masters share it when they are given a Redis, by --redis URL or $WEIR_REDIS_URL';

/** Null when it was told to stop meanwhile. */
async function openLink(store: Store, log: Log, signal: AbortSignal): Promise<StoreLink | null> {
  const once = onceLog(log);
  while (!signal.aborted) {
    const key = await knownFarmKey(store);
    const { fingerprint } = key ?? {};
    const link =
      fingerprint === undefined ? null : await StoreLink.open({ store, fingerprint, log: once });
    if (link !== null) return link;
    once.info(`this farm has no master yet, and one is waited for: ${needsRedis}`);
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return null;
}

/** What workers bring here the engines must find. @throws Error when they look elsewhere */
function checkObjects(place: ObjectsPlace, theirs: string, log: Log): void {
  const ours = shownObjectsPlace(place);
  if (ours === theirs) return;
  const text = `the masters have their objects at ${theirs}, and this server at ${ours}`;
  if (place.bucket !== null || theirs.startsWith('s3:')) {
    throw new Error(`${text}: give it the same --objects, or $WEIR_OBJECTS_URL`);
  }
  // A shared disk may have another name on each machine.
  log.warn(`${text}: these have to be the same folder`);
}
