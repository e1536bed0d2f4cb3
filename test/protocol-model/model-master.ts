import { cpSync, rmSync } from 'node:fs';
import { reapEveryMs, renewEveryMs, Leases } from '../../packages/master/src/builds/leases.ts';
import { LiveBuilds } from '../../packages/master/src/builds/live-builds.ts';
import type { LogSink } from '../../packages/master/src/builds/log-sink.ts';
import { LogKeeper } from '../../packages/master/src/builds/logs/log-keeper.ts';
import { Artifacts } from '../../packages/master/src/builds/objects/artifacts.ts';
import { reattachBuilds } from '../../packages/master/src/builds/reattach.ts';
import type { Command } from '../../packages/master/src/command.ts';
import { buildEnded } from '../../packages/master/src/dispatch/build-ended.ts';
import { Dispatcher } from '../../packages/master/src/dispatch/dispatcher.ts';
import { reconcileRuntimes } from '../../packages/master/src/dispatch/runtimes.ts';
import { Usage } from '../../packages/master/src/dispatch/usage.ts';
import { engineEffects } from '../../packages/master/src/engine-effects.ts';
import type { FarmInForce } from '../../packages/master/src/farm/in-force.ts';
import type { Log } from '../../packages/master/src/log.ts';
import { EmbeddedQueue } from '../../packages/master/src/queue/embedded.ts';
import { runCommand } from '../../packages/master/src/run-command.ts';
import { setAllOffline } from '../../packages/master/src/store/presence.ts';
import type { Store } from '../../packages/master/src/store/store.ts';
import { enrol } from '../../packages/master/src/workers/enrolment.ts';
import type { FarmKey } from '../../packages/master/src/workers/farm-key.ts';
import { serveLink } from '../../packages/master/src/workers/link.ts';
import type { LinkContext } from '../../packages/master/src/workers/link.ts';
import { Quarantines } from '../../packages/master/src/workers/quarantines.ts';
import { sessionMessage } from '../../packages/master/src/workers/session-message.ts';
import { Sessions } from '../../packages/master/src/workers/sessions.ts';
import type { Device } from './device.ts';
import { Life } from './life.ts';
import { FakeSocket } from './network.ts';
import type { Parcel } from './network.ts';

export interface MasterPlace {
  readonly store: Store;
  readonly farmInForce: FarmInForce;
  readonly farmKey: FarmKey;
  readonly logDir: string;
  readonly now: () => number;
  readonly storeDisk: Device;
  readonly logDisk: Device;
  readonly log: Log;
}

const syncedDir = (logDir: string): string => `${logDir}-synced`;

/** One engine over a store that outlives it: its parts are the real ones, wired as in life. */
export class ModelMaster {
  readonly #place: MasterPlace;
  readonly #life: Life;
  readonly #store: Store;
  readonly #keeper: LogKeeper;
  readonly builds: LiveBuilds;
  readonly sessions: Sessions;
  readonly #dispatcher: Dispatcher;
  readonly #quarantines: Quarantines;
  readonly #queue = new EmbeddedQueue();
  readonly #link: LinkContext;
  #isListening = false;

  constructor(place: MasterPlace) {
    this.#place = place;
    this.#life = new Life('master');
    const { farmInForce, farmKey, now, log, storeDisk } = place;
    const { farm, builders } = farmInForce;
    const store: Store = {
      ...place.store,
      read: place.store.read,
      unit: (unit) => storeDisk.run(() => place.store.unit(unit)),
    };
    this.#store = store;
    const { limits } = farm();
    this.#keeper = new LogKeeper(place.logDir, () => {});
    this.#synced();
    const logs = this.#sink(limits.logBytes);
    const usage = new Usage();
    const artifacts = new Artifacts();
    const queue = this.#queue;
    const room = { isFull: false, failed: () => {}, returned: () => Promise.resolve() };
    const builds = new LiveBuilds({
      store,
      logs,
      objects: { bytesOf: async () => undefined },
      room,
      now,
      log,
      maxAttempts: () => limits.maxAttempts,
      testRules: () => ({ mayVanishPercent: 100, maySkipPercent: 100, known: [] }),
      grew: () => {},
      damaged: () => Promise.resolve(),
      ended: (build) => void buildEnded(ending, build),
      declined: (build, decline) =>
        dispatcher.declined(build, sessions.of(build.workerId)?.name ?? null, decline),
    });
    const sessions = new Sessions({
      store,
      now,
      refused: (who, text) => log.warn(`${who}: ${text}`),
      reconcile: (db, worker, hello) =>
        reconcileRuntimes(db, worker.id, hello.runtimes, builders()),
      resume: (session, hello) => reattachBuilds({ store, logs, now, builds, log }, session, hello),
      opened: (session) => builds.opened(session),
      closed: (session) => builds.disconnected(session),
    });
    const dispatcher = new Dispatcher({
      store,
      queue,
      sessions,
      builds,
      usage,
      artifacts,
      uploadSecret: '',
      isFarmFull: () => false,
      now,
      log,
      farm,
      builders,
      refresh: () => Promise.resolve(),
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
    this.#quarantines = quarantines;
    this.builds = builds;
    this.sessions = sessions;
    this.#dispatcher = dispatcher;
    this.#link = {
      farm: () => farm().name,
      key: farmKey,
      now,
      url: () => 'http://farm.test',
      misfit: () => {},
      mayAsk: () => true,
      enrol: (asking) => store.unit((db) => enrol(db, asking, now())),
      begin: (socket, worker, hello) => sessions.begin(socket, worker, hello),
      message: (session, message) =>
        sessionMessage({ store, builds, builders, dispatcher, now, log }, session, message),
      logFrame: (session, frame) => builds.logFrame(session, frame),
      closed: (session) => {
        sessions.closed(session).catch((error: unknown) => log.warn(String(error)));
      },
      refused: (who, text) => log.warn(`${who}: ${text}`),
    };
  }

  get isAlive(): boolean {
    return this.#life.isAlive;
  }

  /** Runs as this engine; what goes wrong in it is the model's failure. */
  run(act: () => Promise<unknown>, failed: (error: unknown) => void): void {
    this.#life.run(() => void act().catch(failed));
  }

  async start(): Promise<void> {
    const { now, farmInForce } = this.#place;
    await this.#store.unit(setAllOffline);
    const leases = new Leases({
      store: this.#store,
      now,
      builds: this.builds,
      reattachWithinMs: () => farmInForce.farm().limits.reattachWithinMs,
    });
    await leases.start();
    await this.builds.start();
    await this.#quarantines.start();
    await this.#dispatcher.reconcile();
    this.#isListening = true;
    this.#every(reapEveryMs, () => leases.reap());
    this.#every(renewEveryMs, () => leases.renew(this.sessions.all()));
    this.#every(60_000, async () => {
      await this.#dispatcher.reconcile();
      await this.#quarantines.look();
    });
  }

  async command(command: Command): Promise<void> {
    const { now, farmInForce } = this.#place;
    const effects = engineEffects({
      store: this.#store,
      farmInForce,
      sessions: this.sessions,
      builds: this.builds,
      dispatcher: this.#dispatcher,
      queue: this.#queue,
      farmChanged: async () => {},
      deliver: () => {},
      poll: () => {},
      askElsewhere: () => {},
    });
    const farmOptions = { remotes: new Map(), base: '' };
    await runCommand(
      { store: this.#store, now, farmInForce, farmOptions, effects },
      'admin',
      command,
    );
  }

  /** A worker connects. Undefined: nobody listens. */
  accept(put: (parcel: Parcel) => void): FakeSocket | undefined {
    if (!this.isAlive || !this.#isListening) return undefined;
    let socket: FakeSocket | undefined;
    this.#life.run(() => {
      socket = new FakeSocket(put);
      socket.readyState = socket.OPEN;
      // What a link uses of a WebSocket is all there.
      serveLink(socket as unknown as Parameters<typeof serveLink>[0], 'a worker', this.#link);
    });
    return socket;
  }

  /** kill -9: of the writes under way, so many came through. */
  async kill(through: { units: number; logs: number }): Promise<void> {
    this.#life.kill();
    await this.#place.storeDisk.cut(through.units);
    await this.#place.logDisk.cut(through.logs);
    this.#keeper.close();
  }

  /** As `kill`, with the whole machine: of the logs only what was synced to the disk is left. */
  async cutPower(units: number): Promise<void> {
    await this.kill({ units, logs: 0 });
    const { logDir } = this.#place;
    rmSync(logDir, { recursive: true });
    cpSync(syncedDir(logDir), logDir, { recursive: true });
  }

  #sink(capBytes: number): LogSink {
    const { logDisk } = this.#place;
    return {
      append: (log, offset, bytes, afterCut) =>
        logDisk.run(() => this.#keeper.append(log, offset, bytes, { afterCut, capBytes })),
      caughtUp: () => Promise.resolve(),
      position: (log) => logDisk.run(() => this.#keeper.position(log, capBytes)),
      finish: (log, end) =>
        logDisk.run(async () => {
          const answer = await this.#keeper.finish(log, end, capBytes);
          this.#synced();
          return answer;
        }),
      drop: async () => {},
    };
  }

  /** Logs are synced to the disk when one of them is finished, and not before. */
  #synced(): void {
    const { logDir } = this.#place;
    rmSync(syncedDir(logDir), { recursive: true, force: true });
    cpSync(logDir, syncedDir(logDir), { recursive: true });
  }

  #every(ms: number, act: () => Promise<unknown>): void {
    const { log } = this.#place;
    setInterval(() => void act().catch((error: unknown) => log.warn(String(error))), ms);
  }
}
