import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectsPlaceOf } from './builds/objects/objects-place.ts';
import { checkSamePlace } from './builds/objects/same-place.ts';
import { firstSignal } from './first-signal.ts';
import type { Log } from './log.ts';
import { onceLog, openLog } from './log.ts';
import { Membership } from './members/membership.ts';
import type { RunWebOptions } from './run-web.ts';
import { startPatiently } from './start-patiently.ts';
import { openStore } from './store/store.ts';
import { startWeb } from './web.ts';
import { StoreLink } from './web/live/store-link.ts';
import type { StoreLinkOptions } from './web/live/store-link.ts';
import { weirVersion } from './web/version.ts';
import { knownFarmKey } from './workers/shared-farm-key.ts';

/** A web server that comes up before the farm's first engine waits for it. */
const lookEveryMs = 1_000;

/** Uploads that nobody goes on with are of no use: a folder of this server's own is swept by nobody else. */
const sweepEveryMs = 3_600_000;
const uploadGraceMs = 24 * 3_600_000;

/** See `runWeb`. */
export async function runWebProcess(options: RunWebOptions): Promise<number> {
  const log = await openLog(options.logFormat, 'web');
  const told = new AbortController();
  const signalled = firstSignal().finally(() => told.abort());
  const start = (): Promise<WebProcess | null> => startWebProcess(options, log, told.signal);
  await using web = await startPatiently(start, {
    say: (text) => log.info(text),
    signal: told.signal,
  });
  if (web === null) return 0;
  const url = `http://${options.host}:${web.port}`;
  process.stdout.write(options.json ? `${JSON.stringify({ url })}\n` : `Weir's pages   ${url}/\n`);
  log.info(`stopping: ${await signalled}`);
  return 0;
}

interface WebProcess extends AsyncDisposable {
  readonly port: number;
}

/** Null when it was told to stop meanwhile. */
async function startWebProcess(
  options: RunWebOptions,
  log: Log,
  signal: AbortSignal,
): Promise<WebProcess | null> {
  const { databaseUrl, host } = options;
  const dataDir = resolve(options.dataDir);
  const objectsPlace = objectsPlaceOf(options.objectsUrl, dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await using starting = new AsyncDisposableStack();
  const store = starting.use(
    await openStore(databaseUrl, { say: (text) => log.info(text), isShared: true }),
  );
  let isStarting = true;
  const objectsAt = (theirs: string): void => {
    try {
      const elsewhere = checkSamePlace(objectsPlace, theirs);
      if (elsewhere !== null) log.warn(elsewhere);
    } catch (error) {
      // Later the masters have moved, and this server goes on until it follows them.
      if (isStarting) throw error;
      log.warn(String(error));
    }
  };
  const link = await openLink({ store, log, objectsAt }, signal);
  if (link === null) return null;
  starting.use(link);
  isStarting = false;
  const self = { role: 'web', name: options.name, version: weirVersion } as const;
  const membership = await Membership.join({ store, log, ...self });
  starting.defer(() => membership.leave());
  const { now, read: db } = store;
  const redisUrl = options.redisUrl?.href ?? null;
  const place = { store: databaseUrl, host, port: options.port, dataDir, objectsPlace, redisUrl };
  const web = await startWeb({ ...place, db, link, now, log });
  starting.defer(() => web.stop());
  const sweeping = setInterval(() => {
    web.uploads
      .sweep(now() - uploadGraceMs)
      .catch((error: unknown) => log.warn(`old uploads were not removed: ${String(error)}`));
  }, sweepEveryMs);
  starting.defer(() => clearInterval(sweeping));
  const running = starting.move();
  return { port: web.port, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Null when it was told to stop meanwhile. */
async function openLink(
  { log, ...options }: Omit<StoreLinkOptions, 'fingerprint'>,
  signal: AbortSignal,
): Promise<StoreLink | null> {
  const once = onceLog(log);
  while (!signal.aborted) {
    const { fingerprint } = (await knownFarmKey(options.store)) ?? {};
    const link =
      fingerprint === undefined
        ? null
        : await StoreLink.open({ ...options, fingerprint, log: once });
    if (link !== null) return link;
    once.info(
      'this farm has no master yet, and one is waited for that has a Redis (--redis, or $WEIR_REDIS_URL)',
    );
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return null;
}
