import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { Farm } from '@weir/model';
import { openLogSink } from './builds/logs/open-logs.ts';
import type { ObjectsPlace } from './builds/objects/objects-place.ts';
import { objectsPlaceOf, shownObjectsPlace } from './builds/objects/objects-place.ts';
import { checkSamePlace } from './builds/objects/same-place.ts';
import { readCall } from './calls.ts';
import { ClockWatch, tellClock } from './clock-watch.ts';
import type { FarmFacts } from './command.ts';
import type { EngineFacts } from './engine-facts.ts';
import { farmFactsOf, knownEngines, ToldFacts } from './engine-facts.ts';
import type { Engine } from './engine.ts';
import { startEngine } from './engine.ts';
import { followOwnFile } from './farm/follow-own-file.ts';
import type { LogFormat } from './log.ts';
import type { OpenFarmOptions } from './open-farm.ts';
import { openFarm } from './open-farm.ts';
import { recordEvents } from './store/events.ts';
import type { Store } from './store/store.ts';
import { gatherGrowth, oncePerTurn } from './wake.ts';
import type { WebThread } from './web/thread.ts';
import { startWebThread } from './web/thread.ts';

export interface MasterOptions extends OpenFarmOptions {
  /** Where artifacts and lists of tests are, see `objectsPlaceOf`; null: in the data folder. */
  readonly objectsUrl: string | null;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly workerPort: number;
  /** How the web role writes its own. */
  readonly logFormat: LogFormat;
}

/** A farm on one machine: engine and web in one process. */
export interface Master {
  readonly port: number;
  readonly workerPort: number;
  /** Where people and workers reach the farm, by the farm file that is in force at the start. */
  readonly places: Pick<Farm, 'publicUrl' | 'workerUrl'>;
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
  await using disposing = new AsyncDisposableStack();
  const stopping = new AbortController();
  disposing.defer(() => stopping.abort());
  const opened = await openFarm(options, { disposing, signal: stopping.signal });
  const { place, isShared, store, newestAt, source, farmOptions, ownFile } = opened;
  const { farmInForce, farmKey, adminToken } = opened;
  const { now } = store;
  const { farmRepository } = options;
  if (isShared) {
    for (const text of await objectsElsewhere(store, objectsPlace)) log.warn(text);
  }
  const logsPlace = { store: place, dir: join(dataDir, 'logs'), objectsPlace };
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
    places: farmInForce.farm(),
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

/**
 * What is to be said of other engines that are alive and may have their objects elsewhere.
 *
 * @throws Error when one has them elsewhere for sure
 */
async function objectsElsewhere(store: Store, place: ObjectsPlace): Promise<string[]> {
  const engines = await knownEngines(store.read, store.now());
  const places = new Set(engines.flatMap(({ isAlive, facts }) => (isAlive ? facts.objects : [])));
  return [...places].flatMap((theirs) => checkSamePlace(place, theirs) ?? []);
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
