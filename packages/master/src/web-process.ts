import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { objectsPlaceOf } from './builds/objects/objects-place.ts';
import { firstSignal } from './first-signal.ts';
import type { Log } from './log.ts';
import { onceLog, openLog } from './log.ts';
import { Membership } from './members/membership.ts';
import type { RunWebOptions } from './run-web.ts';
import type { Store } from './store/store.ts';
import { openStore } from './store/store.ts';
import { startWeb } from './web.ts';
import { StoreLink } from './web/live/store-link.ts';
import { weirVersion } from './web/version.ts';
import { knownFarmKey } from './workers/shared-farm-key.ts';

/** A web server that comes up before the farm's first engine waits for it. */
const lookEveryMs = 1_000;

/** See `runWeb`. */
export async function runWebProcess(options: RunWebOptions): Promise<number> {
  const { databaseUrl, host } = options;
  const log = await openLog(options.logFormat, 'web');
  const dataDir = resolve(options.dataDir);
  const objectsPlace = objectsPlaceOf(options.objectsUrl, dataDir);
  mkdirSync(join(dataDir), { recursive: true, mode: 0o700 });
  await using running = new AsyncDisposableStack();
  const say = (text: string): void => log.info(text);
  const store = running.use(await openStore(databaseUrl, { say, isShared: true }));
  const told = new AbortController();
  const signalled = firstSignal().finally(() => told.abort());
  const link = await openLink(store, log, told.signal);
  if (link === null) return 0;
  running.use(link);
  const self = { role: 'web', name: options.name, version: weirVersion } as const;
  const membership = await Membership.join({ store, log, ...self });
  running.defer(() => membership.leave());
  const { now, read: db } = store;
  const place = { host, port: options.port, dataDir, objectsPlace };
  const web = await startWeb({ ...place, db, link, now, log });
  running.defer(() => web.stop());
  const url = `http://${host}:${web.port}`;
  process.stdout.write(options.json ? `${JSON.stringify({ url })}\n` : `Weir's pages   ${url}/\n`);
  log.info(`stopping: ${await signalled}`);
  return 0;
}

/** Null when it was told to stop meanwhile. */
async function openLink(store: Store, log: Log, signal: AbortSignal): Promise<StoreLink | null> {
  while (!signal.aborted) {
    const key = await knownFarmKey(store);
    const { fingerprint } = key ?? {};
    const link =
      fingerprint === undefined
        ? null
        : await StoreLink.open({ store, fingerprint, log: onceLog(log) });
    if (link !== null) return link;
    log.info('no engine has begun this farm yet: waiting for one');
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return null;
}
