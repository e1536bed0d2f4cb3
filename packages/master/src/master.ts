import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { ensureAdminToken } from './admin-token.ts';
import { openLogSink } from './builds/logs/open-logs.ts';
import { objectsPlaceOf, shownObjectsPlace } from './builds/objects/objects-place.ts';
import { readCall } from './calls.ts';
import { ClockWatch, tellClock } from './clock-watch.ts';
import type { FarmFacts } from './command.ts';
import type { EngineFacts } from './engine-facts.ts';
import { farmFactsOf, ToldFacts } from './engine-facts.ts';
import type { Engine } from './engine.ts';
import { startEngine } from './engine.ts';
import type { FarmOptions, FarmSource } from './farm/farm-source.ts';
import { fileSource } from './farm/farm-source.ts';
import { appliedInWords, followOwnFile } from './farm/follow-own-file.ts';
import { FarmInForce } from './farm/in-force.ts';
import { OwnFile } from './farm/own-file.ts';
import type { FarmRepository } from './farm/repository-source.ts';
import { repositorySource } from './farm/repository-source.ts';
import type { Log, LogFormat } from './log.ts';
import { recordEvents } from './store/events.ts';
import { newestEventAt } from './store/events.ts';
import { openStore, serverPatienceMs } from './store/store.ts';
import { gatherGrowth, oncePerTurn } from './wake.ts';
import type { WebThread } from './web/thread.ts';
import { startWebThread } from './web/thread.ts';
import { openFarmKey } from './workers/farm-key.ts';
import { sharedFarmKey } from './workers/shared-farm-key.ts';

export interface MasterOptions {
  /** On this machine's disk or, with a repository, from the top of that. */
  readonly farmPath: string;
  /** Where the farm file is followed; null: it is on the disk. */
  readonly farmRepository: Omit<FarmRepository, 'path'> | null;
  readonly dataDir: string;
  /** `postgres://...`, where the facts are; null: in a file of the data folder. */
  readonly databaseUrl: string | null;
  /** Where artifacts and lists of tests are, see `objectsPlaceOf`; null: in the data folder. */
  readonly objectsUrl: string | null;
  /** What this engine is called among others. */
  readonly name: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly workerPort: number;
  /** A Redis for a farm with several engines; null: the farm needs none. */
  readonly redisUrl: URL | null;
  readonly remotes: ReadonlyMap<string, string>;
  readonly adminToken: string | null;
  readonly resetAdminToken: boolean;
  /** The engine's. */
  readonly log: Log;
  /** How the web role writes its own. */
  readonly logFormat: LogFormat;
}

/** A farm on one machine: engine and web in one process. */
export interface Master {
  readonly port: number;
  readonly workerPort: number;
  readonly fingerprint: string;
  /** Made at this start; null when it is known already. */
  readonly adminToken: string | null;
  readonly engine: Engine;
  /** Resolves with words for it when a thread ended that the master can't do without. */
  readonly failed: Promise<string>;
  /** Reads the farm file again; a broken one changes nothing but the warnings on the pages. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a farm.
 *
 * @throws FarmFileErrors when the farm file is broken, and there is no version to go on with
 * @throws RepositoryError when the farm file's repository can't be reached, and there is no version
 * @throws StoreInUseError when another master has the data folder or the database
 * @throws StoreAwayError when there is no such database
 * @throws Error when a port is taken, or the objects' address is none
 */
export async function startMaster(options: MasterOptions): Promise<Master> {
  const { log } = options;
  const dataDir = resolve(options.dataDir);
  const objectsPlace = objectsPlaceOf(options.objectsUrl, dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await using disposing = new AsyncDisposableStack();
  const place = options.databaseUrl ?? join(dataDir, 'weir.sqlite');
  // On PostgreSQL and with Redis there may be other engines, and web processes.
  const isShared = options.databaseUrl !== null && options.redisUrl !== null;
  const say = (text: string): void => log.info(text);
  const store = disposing.use(
    await openStore(place, { say, isShared, patienceMs: serverPatienceMs }),
  );
  const logsPlace = { store: place, dir: join(dataDir, 'logs'), objectsPlace };
  const { now } = store;
  const newestAt = await newestEventAt(store.read);
  const stopping = new AbortController();
  disposing.defer(() => stopping.abort());
  const { source, farmOptions } = sourceOf(options, dataDir, stopping.signal);
  const ownFile = new OwnFile({ store, source, options: farmOptions, log });
  const { inForce, next } = await ownFile.start({ isShared });
  const farmInForce = new FarmInForce(store, inForce, isShared ? () => farmOptions : null);
  // What another engine put in force is in force: it wrote all that follows.
  if (inForce === null || !isShared || !(await hasCaughtUp(farmInForce))) {
    const applied = await farmInForce.apply(next.farm, next.version, now());
    if (inForce !== null && applied.isNew) log.info(appliedInWords(applied));
  }
  const keyPath = join(dataDir, 'farm-key.pem');
  const farmKey =
    options.databaseUrl === null ? openFarmKey(keyPath) : await sharedFarmKey(store, keyPath, log);
  const { adminToken: given, resetAdminToken: reset, farmRepository } = options;
  const adminToken = await ensureAdminToken(store, { given, reset });
  let shortage: string | null = null;
  let objectsAway: string | null = null;
  let clock: string | null = null;
  let heartbeat: string | null = null;
  let web: WebThread | undefined;
  let workerPort = options.workerPort;
  const engineFacts = (): EngineFacts => ({
    workerPort,
    farmRepository,
    farmOptions,
    isMailSet: Boolean(process.env['WEIR_SMTP_URL']),
    objects: shownObjectsPlace(objectsPlace),
    shortage,
    heartbeat,
    objectsAway,
    warnings: [
      ...objectsWarning(objectsAway),
      ...(clock === null ? [] : [clock]),
      ...ownFile.warnings(),
    ],
  });
  const facts = (): FarmFacts => farmFactsOf(farmInForce, farmKey.fingerprint, engineFacts());
  let told: ToldFacts | undefined;
  const tellWeb = (): void => {
    web?.setFarm(facts());
    told?.changed();
  };
  disposing.use(
    new ClockWatch({
      now,
      newestAt,
      changed(warning) {
        clock = warning;
        tellWeb();
        tellClock({ store, now, log }, warning);
      },
    }),
  );
  let commits = 0;
  const started = Promise.withResolvers<Engine>();
  // Beside the engine, not after it: both take most of their time to load.
  const { host, port, logFormat } = options;
  const starting = startWebThread(
    {
      store: place,
      dataDir,
      objectsPlace,
      redisUrl: options.redisUrl?.href ?? null,
      host,
      port,
      logFormat,
      farm: facts(),
    },
    {
      run: async (actor, command) => (await started.promise).command(actor, command),
      started: started.promise,
      vitals: () => ({ commits, busyMs: performance.eventLoopUtilization().active }),
      log,
    },
  );
  disposing.defer(async () => {
    const thread = await starting.catch(() => undefined);
    await thread?.[Symbol.asyncDispose]();
  });
  const logs = disposing.use(
    await openLogSink(logsPlace, {
      capBytes: () => farmInForce.farm().limits.logBytes,
      warn: (message) => log.warn(message),
    }),
  );
  /** One engine follows its own farm file: where there are several, the one that leads. */
  let isFollowing = !isShared;
  const engine = await startEngine({
    store,
    farmInForce,
    farmOptions,
    farmKey,
    logs,
    logsPlace,
    dataDir,
    objectsPlace,
    host,
    workerPort: options.workerPort,
    redisUrl: options.redisUrl,
    ...(isShared && {
      others: {
        databaseUrl: place,
        name: options.name,
        hasOwnObjects: options.objectsUrl === null,
      },
    }),
    leads(isLeading) {
      isFollowing = isLeading;
      // Another engine's file may have been read last, or this one has changed since.
      if (isLeading) void following.poll();
    },
    now,
    log,
    farmChanged: () => tellWeb(),
    pollFarmFile: () => void following.poll(),
    shortage(text) {
      shortage = text;
      tellWeb();
    },
    heartbeat(trouble) {
      heartbeat = trouble;
      tellWeb();
    },
    objectsAway(text) {
      objectsAway = text;
      tellWeb();
      if (text === null) log.info('artifacts and lists of tests can be had again');
      else for (const warning of objectsWarning(text)) log.warn(warning);
    },
    grew: gatherGrowth((grown) => web?.grew(grown)),
    url: () => webUrl(host, web?.port ?? port),
  });
  disposing.defer(() => engine.stop());
  workerPort = engine.workerPort;
  if (isShared) told = disposing.use(new ToldFacts(store, engineFacts, log));
  const following = followOwnFile({
    source,
    ownFile,
    isFollowing: () => isFollowing,
    log,
    signal: stopping.signal,
    apply: (farm) => engine.apply(farm),
    async warned(warnings) {
      tellWeb();
      const event = { at: now(), kind: 'farm.warned', actor: 'engine', subject: 'farm' };
      await store.unit((db) => recordEvents(db, [{ ...event, data: { warnings } }]));
    },
  });
  disposing.defer(() => {
    stopping.abort();
    return following.stop();
  });
  started.resolve(engine);
  const thread = await starting;
  web = thread;
  tellWeb();
  if (source.isFollowed && isFollowing) void following.poll();
  const wake = oncePerTurn(() => {
    thread.wake();
    engine.wake();
  });
  store.onCommit = () => {
    commits += 1;
    wake();
  };
  store.onCall = (text) => {
    const call = readCall(text);
    if (call !== null) engine.heard(call);
  };
  // For what was committed before it listened.
  wake();

  const running = disposing.move();
  return {
    port: thread.port,
    workerPort: engine.workerPort,
    fingerprint: farmKey.fingerprint,
    adminToken,
    engine,
    failed: Promise.race([
      thread.ended.then(
        () => 'the web thread ended',
        (error: unknown) => `the web thread failed: ${String(error)}`,
      ),
      logs.failed.then((error) => `the log writer thread failed: ${String(error)}`),
    ]),
    reload: () => following.poll(),
    stop: () => running.disposeAsync(),
  };
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
  { farmPath, farmRepository, remotes }: MasterOptions,
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

/** What people are told. */
function objectsWarning(away: string | null): string[] {
  if (away === null) return [];
  return [`Artifacts and lists of tests can't be had, builds that bring any wait: ${away}.`];
}

/** As this machine can be asked from elsewhere, when the farm file does not say. */
function webUrl(host: string, port: number): string {
  const name = ['0.0.0.0', '::'].includes(host) ? hostname() : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
