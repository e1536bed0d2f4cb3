import { testRulesOf } from '@weir/model';
import { cookieSecretSetting } from './admin-token.ts';
import { Leases, renewEveryMs } from './builds/leases.ts';
import { LiveBuilds } from './builds/live-builds.ts';
import type { LogSink } from './builds/log-sink.ts';
import type { LogsPlace } from './builds/logs/open-logs.ts';
import { openLogReader } from './builds/logs/open-logs.ts';
import { Artifacts, dropMissing } from './builds/objects/artifacts.ts';
import { Damaged } from './builds/objects/damaged.ts';
import type { ObjectsPlace } from './builds/objects/objects-place.ts';
import { shownObjectsPlace } from './builds/objects/objects-place.ts';
import { openObjects } from './builds/objects/open-objects.ts';
import { reattachBuilds } from './builds/reattach.ts';
import type { Call } from './calls.ts';
import { sendCall } from './calls.ts';
import type { Clock } from './clock.ts';
import type { Command, CommandAnswer } from './command.ts';
import { DiskRoom, tellRoom } from './disk-room.ts';
import type { Room } from './disk-room.ts';
import { buildEnded } from './dispatch/build-ended.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { reconcileRuntimes } from './dispatch/runtimes.ts';
import { Usage } from './dispatch/usage.ts';
import { engineEffects } from './engine-effects.ts';
import type { FarmOptions } from './farm/farm-source.ts';
import type { Applied, FarmInForce } from './farm/in-force.ts';
import type { FarmToApply } from './farm/own-file.ts';
import { Leading } from './leading.ts';
import type { About, Log } from './log.ts';
import { onceLog } from './log.ts';
import type { AmongOthers, OthersOptions } from './members/among-others.ts';
import { isLoopbackAddress, networkOf } from './network.ts';
import { ObjectsWatch } from './objects-watch.ts';
import { openQueue } from './queue/open-queue.ts';
import { redisPrefix } from './redis/redis-url.ts';
import { runCommand } from './run-command.ts';
import { stopStep } from './stop-step.ts';
import { bringBackFutureTimes } from './store/future-times.ts';
import { setAllOffline } from './store/presence.ts';
import { waitingAmong } from './store/requests.ts';
import { getSetting } from './store/settings.ts';
import type { Store } from './store/store.ts';
import { setRefused } from './store/workers.ts';
import { AskRate } from './workers/ask-rate.ts';
import { enrol } from './workers/enrolment.ts';
import type { FarmKey } from './workers/farm-key.ts';
import { openGateway } from './workers/gateway.ts';
import { Probation } from './workers/probation.ts';
import { Quarantines } from './workers/quarantines.ts';
import { sessionMessage } from './workers/session-message.ts';
import { Sessions } from './workers/sessions.ts';

export interface EngineOptions {
  readonly store: Store;
  readonly farmInForce: FarmInForce;
  readonly farmKey: FarmKey;
  readonly logs: LogSink;
  /** Where they are read. */
  readonly logsPlace: LogsPlace;
  readonly dataDir: string;
  readonly objectsPlace: ObjectsPlace;
  readonly host: string;
  readonly workerPort: number;
  /** Where engines of this farm share what waits; null: there is one engine. */
  readonly redisUrl: URL | null;
  /** Set when there may be other engines. Default: there is this one. */
  readonly others?: OthersOptions | undefined;
  readonly now: Clock;
  readonly log: Log;
  /** Where the pages are, without a slash at the end. */
  readonly url: () => string;
  readonly farmOptions: FarmOptions;
  /** Another farm file is in force. */
  farmChanged(): void;
  /** Asks the repository of the farm file soon. */
  pollFarmFile(): void;
  /** This engine leads from now on, or no more. Called when there may be other engines. */
  readonly leads?: (isLeading: boolean) => void;
  /** Why there is too little room for the farm's data; null when there is enough. */
  shortage(text: string | null): void;
  /** Why no heartbeat is given; null when it is, or nobody wants one. */
  readonly heartbeat: (trouble: string | null) => void;
  /** Why artifacts and lists of tests can't be had; null when they can. */
  objectsAway(text: string | null): void;
  /** Logs grew: log id to the bytes stored. Called often. */
  grew(log: number, bytes: number): void;
}

/** The role that decides and writes. */
export interface Engine {
  readonly workerPort: number;
  command(actor: string, command: Command): Promise<CommandAnswer>;
  /** Puts another farm file in force. */
  apply(next: FarmToApply): Promise<Applied>;
  /** Asks the remotes of one branch now. */
  poll(branch: string): Promise<void>;
  /** Another process of the farm says something. */
  heard(call: Call): void;
  /** Something was committed: the event log's readers read on. */
  wake(): void;
  /** Offers nothing more, sends the workers away for a moment, and lets commit what is under way. */
  stop(): Promise<void>;
}

const reconcileEveryMs = 60_000;

/** Wires every part of the engine, and lets it run. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { store, farmInForce, logs, now, log } = options;
  const { farm, builders } = farmInForce;
  await using starting = new AsyncDisposableStack();
  const others = await joinOthers(options);
  if (others !== undefined) starting.defer(() => others.leave());
  const engineId = others?.engine;
  const queue = starting.use(
    await openQueue(options.redisUrl, {
      prefix: redisPrefix(options.farmKey),
      read: (ids) => waitingAmong(store.read, ids),
      waitingOf: (requests) => dispatcher.waitingOf(requests),
      reconcile: () => dispatcher.reconcile(),
      changed: () => dispatcher.wake(),
      log,
    }),
  );
  const usage = new Usage();
  const artifacts = new Artifacts();
  const uploadSecret = (await getSetting(store.read, cookieSecretSetting)) ?? '';
  const room = await DiskRoom.open({
    dir: options.dataDir,
    minFreeBytes: () => farm().limits.minFreeBytes,
  });
  store.onDiskFull = () => room.failed();
  const { objectsPlace } = options;
  const { objects, uploads } = await openObjects(objectsPlace);
  const logReader = await openLogReader(options.logsPlace, { db: store.read, objects });
  const artifactsDropped = (): Promise<void> => artifacts.rebuild(store.read);
  const damaged = new Damaged({ store, objects, objectsPlace, now, log, artifactsDropped });
  const builds = new LiveBuilds({
    store,
    logs,
    objects,
    room,
    now,
    log,
    maxAttempts: () => farm().limits.maxAttempts,
    testRules: (builder) => testRulesOf(farm(), builders().get(builder)),
    grew: (id, bytes) => options.grew(id, bytes),
    damaged: (build, sha256) => damaged.look(build, sha256),
    ended: (build) => {
      others?.ended(build.id);
      void buildEnded(ending, build);
    },
    declined: (build, decline) =>
      dispatcher.declined(build, sessions.of(build.workerId)?.name ?? null, decline),
  });
  const complaints = onceLog(log);
  const refused = (who: string, text: string, about?: About): void =>
    complaints.warn(`${who}: ${text}`, about);
  const sessions = new Sessions({
    store,
    now,
    engine: engineId,
    call: (call) => sendCall(store, call),
    refused,
    reconcile: (db, worker, hello) => reconcileRuntimes(db, worker.id, hello.runtimes, builders()),
    resume: (session, hello) =>
      reattachBuilds({ store, logs, now, builds, log, engine: engineId }, session, hello),
    opened: (session) => {
      builds.opened(session);
      void probation.consider();
      if (session.wasMissing) {
        leading?.lookForAbsent().catch((error: unknown) => log.warn(String(error)));
      }
    },
    closed: (session) => builds.disconnected(session),
  });
  const dispatcher = new Dispatcher({
    store,
    queue,
    sessions,
    builds,
    engine: engineId,
    elsewhere: others,
    usage,
    artifacts,
    uploadSecret,
    isFarmFull: () => room.isLow,
    now,
    log,
    farm,
    builders,
    refresh: (worker) => effects.workerChanged(worker),
  });
  const freed = (): void => dispatcher.wake();
  const quarantines = new Quarantines({ store, now, log, sessions, freed });
  const ending = {
    store,
    farmInForce,
    sessions,
    quarantines,
    dispatcher,
    usage,
    artifacts,
    now,
    log,
  };
  const probation = new Probation({
    store,
    now,
    log,
    sessions,
    builds,
    builders,
    asked: (request) => dispatcher.enqueue(request),
    gone: (ids) => {
      for (const id of ids) queue.remove(id);
    },
    freed,
  });
  let leading: Leading | undefined;

  const isAlone = await store.unit(async (db) => {
    const living = (await others?.living(db)) ?? [];
    await setAllOffline(db, living);
    return living.length === 0;
  });
  await store.unit((db) => bringBackFutureTimes(db, now()));
  const leases = new Leases({
    store,
    now,
    builds,
    reattachWithinMs: () => farm().limits.reattachWithinMs,
  });
  if (isAlone) await leases.start();
  // Where there are others, builds are taken up with their workers, one after another.
  if (others === undefined) await builds.start();
  await quarantines.start();
  const shownPlace = shownObjectsPlace(objectsPlace);
  await dropMissing({ store, objects, place: shownPlace, isAlone, now, log });
  await artifacts.rebuild(store.read);
  await usage.rebuild(store.read, builders(), now());
  const { dataDir, url, heartbeat } = options;
  const makeLeading = (isCertain: () => boolean): Leading =>
    new Leading({
      store,
      farmInForce,
      logs,
      logReader,
      dataDir,
      objects,
      uploads,
      room,
      queue,
      dispatcher,
      leases,
      probation,
      membership: others?.membership,
      now,
      log,
      url,
      heartbeat,
      artifactsDropped,
      isCertain,
    });
  if (others === undefined) {
    leading = makeLeading(() => true);
    await leading.prepare();
  }
  await dispatcher.reconcile();
  const askRate = new AskRate();
  const gateway = await openGateway(
    { host: options.host, port: options.workerPort },
    {
      farm: () => farm().name,
      key: options.farmKey,
      now,
      url: () => farm().publicUrl ?? url(),
      misfit: (who, text) => {
        store
          .unit((db) => setRefused(db, who, { at: now(), text }))
          .catch((error: unknown) => log.warn(String(error), { worker: who.name }));
      },
      mayAsk: (address) => isLoopbackAddress(address) || askRate.take(networkOf(address), now()),
      enrol: (asking) => store.unit((db) => enrol(db, asking, now())),
      begin: (socket, worker, hello) => sessions.begin(socket, worker, hello),
      message: (session, message) =>
        sessionMessage({ store, builds, builders, dispatcher, now, log }, session, message),
      logFrame: (session, frame) => builds.logFrame(session, frame),
      closed: (session) => {
        const about = { worker: session.name };
        sessions.closed(session).catch((error: unknown) => log.warn(String(error), about));
      },
      refused,
    },
  );
  room.watch(roomChanged);
  const objectsWatch = new ObjectsWatch({ objects, changed: (text) => options.objectsAway(text) });
  leading?.start();

  /** Whether all that follows from the farm file in force is written. */
  let isFollowed = true;
  const timers = [
    every(renewEveryMs, () => leases.renew(sessions.all())),
    every(reconcileEveryMs, async () => {
      await (isFollowed ? dispatcher.reconcile() : followFarm());
      await sessions.reconcile();
      await probation.consider();
      await quarantines.look();
      await others?.reconcile();
    }),
  ];

  function every(ms: number, act: () => Promise<unknown>): NodeJS.Timeout {
    return setInterval(() => {
      act().catch((error: unknown) => log.warn(String(error)));
    }, ms).unref();
  }

  async function apply({ farm: next, version }: FarmToApply): Promise<Applied> {
    const applied = await farmInForce.apply(next, version, now());
    await effects.farmChanged();
    return applied;
  }

  /** It is in force: what fails in writing what follows is made up for by the sweep. */
  function farmChanged(): Promise<void> {
    leading?.farmChanged();
    options.farmChanged();
    return followFarm();
  }

  /** What follows from the farm file in force, written again and again without harm. */
  async function followFarm(): Promise<void> {
    isFollowed = false;
    try {
      await leading?.followFarm();
      await dispatcher.reconcile();
      isFollowed = true;
    } catch (error) {
      log.warn(`the farm file is in force, and not all that follows from it: ${String(error)}`);
    }
  }

  function roomChanged(next: Room, freeBytes: number): void {
    options.shortage(room.shortage);
    tellRoom({ store, room, now, log }, next, freeBytes)
      // Before the reaper looks: leases that could not be renewed have run out.
      .then(() => (next === 'full' ? undefined : leases.renew(sessions.all())))
      .catch((error: unknown) => log.warn(String(error)));
    dispatcher.wake();
  }

  /** Here when this engine leads; else the one that does is told. */
  function poll(branches: readonly string[], farmFile: boolean): void {
    if (leading === undefined) {
      sendCall(store, { t: 'poll', branches: [...branches], farmFile });
      return;
    }
    for (const branch of branches) void leading.poll(branch);
    if (farmFile) options.pollFarmFile();
  }

  const effects = engineEffects({
    store,
    farmInForce,
    sessions,
    builds,
    dispatcher,
    queue,
    farmChanged,
    deliver: () => leading?.deliver(),
    poll,
    askElsewhere: (worker, ask) => sendCall(store, { t: 'ask-worker', worker, ask }),
  });
  await others?.start({
    ...ending,
    builds,
    probation,
    effects,
    cameBack: async () => leading?.lookForAbsent(),
    async lead(isCertain) {
      const next = makeLeading(isCertain);
      leading = next;
      await next.prepare();
      next.start();
      await followFarm();
      options.leads?.(true);
    },
    async retire() {
      const former = leading;
      leading = undefined;
      options.leads?.(false);
      await former?.stop();
    },
  });
  const running = starting.move();
  return {
    workerPort: gateway.port,
    command: (actor, command) =>
      runCommand(
        { store, now, farmInForce, farmOptions: options.farmOptions, effects },
        actor,
        command,
      ),
    apply,
    poll: async (branch) => leading?.poll(branch),
    heard(call) {
      if (call.t === 'poll' && leading !== undefined) poll(call.branches, call.farmFile);
      if (call.t === 'knock' || call.t === 'knocked') void sessions.heard(call);
      if (call.t === 'ask-worker' && sessions.of(call.worker) !== undefined) {
        effects.askWorker(call.worker, call.ask);
      }
    },
    wake() {
      leading?.wake();
      others?.wake();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      quarantines.stop();
      room[Symbol.dispose]();
      objectsWatch[Symbol.dispose]();
      const retired = Promise.all([others?.stop(), others === undefined && leading?.stop()]);
      // Whoever waits for it hears it below.
      retired.catch(() => {});
      await stopStep(log, 'a round of dispatch', dispatcher.stop());
      await stopStep(log, 'the links of workers', gateway.close());
      await stopStep(log, 'artifacts that are checked', damaged.stop());
      await stopStep(log, 'what workers sent', builds.settled());
      await stopStep(log, 'what the engine that leads does', retired);
      await stopStep(log, 'probation', probation.stop());
      // After the last word about what waits, which others go by.
      await running.disposeAsync();
    },
  };
}

/** What other engines need is loaded only where there may be some. */
async function joinOthers({ others, store, log }: EngineOptions): Promise<AmongOthers | undefined> {
  if (others === undefined) return undefined;
  const { AmongOthers } = await import('./members/among-others.ts');
  return AmongOthers.join(others, { store, log });
}
