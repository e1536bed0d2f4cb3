import type { Offences } from '@weir/model';
import { afterOffence, keptAwayMs } from '@weir/model';
import type { FarmMessage } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { WebSocket } from 'ws';
import type { Call } from '../calls.ts';
import type { Clock } from '../clock.ts';
import type { About } from '../log.ts';
import { recordEvents } from '../store/events.ts';
import { onlineWorkers, setOffline, setOnline, setOnlineAgain } from '../store/presence.ts';
import type { Database } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { WorkerRow } from '../store/workers.ts';
import { flagDuplicate, setOffended, workerById } from '../store/workers.ts';
import { closeLink } from './frames.ts';
import { Knocks } from './knocks.ts';
import { detectedLabels } from './labels.ts';
import type { Hello } from './link.ts';
import { writeOwnerPause } from './owner.ts';
import { Session } from './session.ts';

type Welcome = Extract<FarmMessage, { t: 'welcome' }>;

export interface SessionsContext {
  readonly store: Store;
  readonly now: Clock;
  /** This engine's number among the members; absent in a farm of one process. */
  readonly engine?: number | undefined;
  /** Says something to the other engines. */
  readonly call?: (call: Call) => void;
  /** A link was closed for what the worker did. */
  refused(who: string, text: string, about?: About): void;
  /** What the worker keeps, and what failed there. Runs in the unit of its hello. */
  reconcile(
    db: Kysely<Database>,
    worker: WorkerRow,
    hello: Hello,
  ): Promise<{ kept: ReadonlySet<string>; failed: ReadonlySet<string> }>;
  /** Decides what becomes of the builds that a worker still has, and of those that it lost. */
  resume(session: Session, hello: Hello): Promise<Welcome['builds']>;
  opened(session: Session): void;
  closed(session: Session): void;
}

/** How long a link with another boot id has to answer before the newcomer replaces it. */
const duplicateAnswerMs = 5_000;

/** The live links, one a worker at most. */
export class Sessions {
  readonly #context: SessionsContext;
  readonly #byWorker = new Map<number, Session>();
  /** By worker, the newest link that begins. */
  readonly #beginning = new Map<number, Promise<Session | undefined>>();
  /** By worker. Who is cut off again and again is kept away for a while. */
  readonly #offences = new Map<number, Offences>();
  readonly #knocks: Knocks;

  constructor(context: SessionsContext) {
    this.#context = context;
    this.#knocks = new Knocks(context.call ?? (() => {}));
  }

  all(): readonly Session[] {
    return [...this.#byWorker.values()];
  }

  of(workerId: number): Session | undefined {
    return this.#byWorker.get(workerId);
  }

  /**
   * Begins a session for a worker that has proved itself. Undefined: the link was closed with the
   * reason. Links of one worker begin one after another, else they would take its builds from each
   * other.
   */
  async begin(socket: WebSocket, worker: WorkerRow, hello: Hello): Promise<Session | undefined> {
    const before = this.#beginning.get(worker.id);
    const begun = Promise.resolve(before?.catch(() => {})).then(() =>
      this.#begin(socket, worker, hello),
    );
    this.#beginning.set(worker.id, begun);
    try {
      return await begun;
    } finally {
      if (this.#beginning.get(worker.id) === begun) this.#beginning.delete(worker.id);
    }
  }

  async #begin(socket: WebSocket, worker: WorkerRow, hello: Hello): Promise<Session | undefined> {
    const { store, now, engine } = this.#context;
    if (socket.readyState !== socket.OPEN) return undefined;
    const awayMs = keptAwayMs(this.#offences.get(worker.id), now());
    if (awayMs > 0) {
      const seconds = Math.ceil(awayMs / 1_000);
      closeLink(socket, 'restarting', `cut off too often: kept away for ${seconds} s more`);
      return undefined;
    }
    const old = this.#byWorker.get(worker.id);
    if (await this.#isHeld(worker, old, hello)) {
      await this.#flag(worker);
      const text = `a worker with the key of ${worker.name} is connected already`;
      this.#context.refused(`worker ${worker.name}`, text, { worker: worker.name });
      closeLink(socket, 'duplicate', text);
      return undefined;
    }
    const labels = detectedLabels(hello.labels);
    const { boot, slots, sandbox, facts, artifacts: hasArtifacts = false } = hello;
    // Before the unit: that the old link went down must not be written after it.
    this.#end(old);
    const begun = await store.unit(async (db) => {
      const at = now();
      // A person may have changed it since it proved itself.
      const known = await workerById(db, worker.id);
      if (known?.state !== 'accepted') return undefined;
      if (hello.ownerPause !== undefined) await writeOwnerPause(db, worker, hello.ownerPause, at);
      const ownerPause =
        hello.ownerPause === undefined ? known.owner_paused_reason : hello.ownerPause;
      const clockSkewMs = hello.at === undefined ? known.clock_skew_ms : hello.at - at;
      const row = { ...known, owner_paused_reason: ownerPause, clock_skew_ms: clockSkewMs };
      const { name, agent } = worker;
      const machine = { slots, labels, sandbox, facts, clockSkewMs, hasArtifacts };
      await setOnline(db, worker.id, { at, engine, boot, agent, ...machine });
      await recordEvents(db, [
        { at, kind: 'worker.online', actor: `worker:${name}`, subject: `worker/${name}`, data: {} },
      ]);
      return { row, runtimes: await this.#context.reconcile(db, worker, hello) };
    });
    if (begun === undefined) {
      closeLink(socket, 'revoked', "this worker's key was revoked");
      return undefined;
    }
    const session = new Session(
      socket,
      begun.row,
      { boot, slots, labels, hasArtifacts, ...begun.runtimes },
      { now, offended: (offender, text) => this.#offended(offender, text) },
    );
    this.#byWorker.set(session.id, session);
    // What closed meanwhile had nobody to tell.
    if (!session.isOpen) return this.#begunTooLate(session);
    const builds = await this.#resume(session, hello);
    // It took its time: the worker may be with another engine by now.
    await this.connected(session.id);
    if (!session.isOpen) return this.#begunTooLate(session);
    const { ownerPause } = session;
    session.welcome({ t: 'welcome', session: `${worker.id}-${hello.boot}`, ownerPause, builds });
    this.#context.opened(session);
    return session;
  }

  async #begunTooLate(session: Session): Promise<undefined> {
    await this.closed(session);
  }

  /** Whether another machine has the worker's key, and a link that answers, here or elsewhere. */
  #isHeld(
    worker: WorkerRow,
    old: Session | undefined,
    { boot }: Hello,
  ): boolean | Promise<boolean> {
    if (old !== undefined) return old.boot !== boot && old.answers(duplicateAnswerMs);
    const { id, online, engine: holder, boot: holding } = worker;
    if (online === 0 || holding === boot || holder === null) return false;
    return (
      holder !== this.#context.engine && this.#knocks.ask({ engine: holder, worker: id, boot })
    );
  }

  /** What another engine asks, or answers, about a worker that has a link there. */
  async heard(call: Extract<Call, { t: 'knock' | 'knocked' }>): Promise<void> {
    if (call.t === 'knocked') return this.#knocks.answered(call);
    if (call.engine !== this.#context.engine) return;
    const session = this.#byWorker.get(call.worker);
    const isOther = session !== undefined && session.boot !== call.boot;
    this.#knocks.answer(call, isOther && (await session.answers(duplicateAnswerMs)));
  }

  /** A link went down. */
  async closed(session: Session): Promise<void> {
    const wasCurrent = this.#byWorker.get(session.id) === session;
    this.#drop(session);
    if (!wasCurrent) return;
    const { store, now, engine } = this.#context;
    await store.unit((db) => writeOffline(db, session, { at: now(), engine }));
  }

  /**
   * Makes up for what could not be written, and for what was not heard: workers that count as online
   * here and have no link are offline, and links are ended whose workers have a newer one elsewhere.
   */
  async reconcile(): Promise<void> {
    const { store, now, engine } = this.#context;
    const isLinked = (id: number): boolean => this.#byWorker.has(id) || this.#beginning.has(id);
    const before = this.all();
    const online = await onlineWorkers(store.read);
    for (const { id, name, engine: holder } of online) {
      if (isLinked(id) || holder !== (engine ?? null)) continue;
      await store.unit(async (db) => {
        if (!isLinked(id)) await writeOffline(db, { id, name }, { at: now(), engine });
      });
    }
    if (engine === undefined) return;
    const here = new Set(online.flatMap((row) => (row.engine === engine ? [row.id] : [])));
    for (const session of before) if (!here.has(session.id)) await this.#settle(session, engine);
  }

  /** Its worker connected somewhere: if that was to another engine, the link here is an old one. */
  async connected(workerId: number): Promise<void> {
    const { store, engine } = this.#context;
    const session = this.#byWorker.get(workerId);
    if (session === undefined || engine === undefined) return;
    const row = await workerById(store.read, workerId);
    if (row?.online === 1 && row.engine === engine) return;
    await this.#settle(session, engine);
  }

  /** By what is written the worker is not connected here. */
  async #settle(session: Session, engine: number): Promise<void> {
    const { store, now } = this.#context;
    const { id, name } = session;
    const isOurs = await store.unit(async (db) => {
      // This engine was taken for dead.
      if (!(await setOnlineAgain(db, id, engine))) {
        return (await workerById(db, id))?.engine === engine;
      }
      const about = { actor: `worker:${name}`, subject: `worker/${name}` };
      await recordEvents(db, [{ at: now(), kind: 'worker.online', ...about, data: {} }]);
      return true;
    });
    if (!isOurs && this.#byWorker.get(id) === session) this.#end(session);
  }

  #drop(session: Session): void {
    session.dispose();
    if (this.#byWorker.get(session.id) === session) this.#byWorker.delete(session.id);
    this.#context.closed(session);
  }

  async #resume(session: Session, hello: Hello): Promise<Welcome['builds']> {
    try {
      return await this.#context.resume(session, hello);
    } catch (error) {
      await this.closed(session);
      throw error;
    }
  }

  #end(old: Session | undefined): void {
    if (old === undefined) return;
    this.#drop(old);
    old.close('replaced', 'the worker connected again');
  }

  /** Shown on the worker's page; its builds go on, and it may come back. */
  #offended({ id, name }: Session, text: string): void {
    const { store, now } = this.#context;
    this.#context.refused(`worker ${name}`, text, { worker: name });
    const at = now();
    this.#offences.set(id, afterOffence(this.#offences.get(id), at));
    const event = { at, kind: 'worker.refused', actor: 'engine', subject: `worker/${name}` };
    store
      .unit(async (db) => {
        await setOffended(db, id, { at, text });
        await recordEvents(db, [{ ...event, data: { text } }]);
      })
      .catch((error: unknown) =>
        this.#context.refused(`worker ${name}`, String(error), { worker: name }),
      );
  }

  /** Two machines hold one key: both are shown as such. */
  async #flag(worker: WorkerRow): Promise<void> {
    const { store, now } = this.#context;
    await store.unit(async (db) => {
      const at = now();
      await flagDuplicate(db, worker.id, at);
      await recordEvents(db, [
        {
          at,
          kind: 'worker.duplicate',
          actor: `worker:${worker.name}`,
          subject: `worker/${worker.name}`,
          data: {},
        },
      ]);
    });
  }
}

async function writeOffline(
  db: Kysely<Database>,
  { id, name }: { id: number; name: string },
  { at, engine }: { at: number; engine: number | undefined },
): Promise<void> {
  if (!(await setOffline(db, id, { at, engine }))) return;
  await recordEvents(db, [
    { at, kind: 'worker.offline', actor: 'engine', subject: `worker/${name}`, data: {} },
  ]);
}
