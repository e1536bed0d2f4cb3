import { leaseMs } from '@weir/protocol';
import type { FarmMessage, LogFrame } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { BuildRow } from '../store/builds.ts';
import { buildById, openBuilds, raiseEpoch, renewLeases } from '../store/builds.ts';
import type { Store } from '../store/store.ts';
import { setHeard } from '../store/workers.ts';
import type { Hello, SessionMessage } from '../workers/link.ts';
import type { Session } from '../workers/session.ts';
import type { EndedBuild } from './ended-build.ts';
import { Intake } from './intake.ts';
import type { LiveBuild } from './live-build.ts';
import type { LogSink } from './log-sink.ts';
import { loseBuild } from './lose-build.ts';

type WelcomeBuild = Extract<FarmMessage, { t: 'welcome' }>['builds'][number];
export type Decline = Extract<SessionMessage, { t: 'decline' }>;
export type BuildMessage = Extract<SessionMessage, { build: number }>;

export interface LiveBuildsContext {
  readonly store: Store;
  readonly logs: LogSink;
  readonly now: Clock;
  readonly log: Log;
  readonly maxAttempts: () => number;
  grew(log: number, bytes: number): void;
  /** A build ended, whatever the end. `requeued`: its request waits again. */
  ended(build: EndedBuild, requeued: boolean): void;
  /** A worker does not want what it was offered. */
  declined(build: LiveBuild, decline: Decline): Promise<void>;
}

/** The builds that have not finished: their leases, their links, their ends. */
export class LiveBuilds {
  readonly #context: LiveBuildsContext;
  readonly #intake: Intake;
  readonly #builds = new Map<number, LiveBuild>();

  constructor(context: LiveBuildsContext) {
    this.#context = context;
    this.#intake = new Intake({
      ...context,
      refused: (build, text) => {
        this.loseById(build.id, text).catch((error: unknown) => context.log.warn(String(error)));
      },
      finished: (build) => {
        this.#builds.delete(build.id);
        context.ended(build, false);
      },
    });
  }

  all(): IterableIterator<LiveBuild> {
    return this.#builds.values();
  }

  get(id: number): LiveBuild | undefined {
    return this.#builds.get(id);
  }

  add(build: LiveBuild): void {
    this.#builds.set(build.id, build);
  }

  forget(build: LiveBuild): void {
    this.#builds.delete(build.id);
  }

  /** A message about one build. Only the session that has the build, under its epoch, is listened to. */
  message(session: Session, message: BuildMessage): void {
    const build = this.#builds.get(message.build);
    if (build?.session !== session) return this.#notYours(session, message.build);
    if (message.epoch !== build.epoch) return;
    switch (message.t) {
      case 'accept':
        if (build.state === 'offered') {
          build.state = 'started';
          session.offered -= 1;
          session.credit -= 1;
          session.send({ t: 'start', build: build.id, epoch: build.epoch });
          // The worker could not end what it had not begun.
          if (build.cancelReason !== null) this.cancel(build.id, build.cancelReason);
        }
        return;
      case 'decline':
        if (build.state !== 'offered') return;
        session.offered -= 1;
        this.forget(build);
        // Its word on its slots was wrong, or is on its way: the next one counts.
        if (message.cause === 'busy') session.credit = 0;
        this.#returned(build, message).catch((error: unknown) => {
          this.#context.log.warn(`build ${build.id} was not returned: ${String(error)}`);
        });
        return;
      case 'journal':
        return this.#intake.journal(build, session, message.entries);
    }
  }

  /** A build that a person wanted ended meanwhile does not wait for another worker. */
  #returned(build: LiveBuild, decline: Decline): Promise<void> {
    if (build.cancelReason === null) return this.#context.declined(build, decline);
    return this.loseById(build.id, decline.reason);
  }

  logFrame(session: Session, frame: LogFrame): void {
    const build = this.#builds.get(frame.build);
    if (build?.session !== session) return this.#notYours(session, frame.build);
    if (frame.epoch !== build.epoch) return;
    const refusal = this.#intake.logFrame(build, session, frame);
    if (refusal !== undefined) session.refuse('badFrame', refusal);
  }

  /** A build that this farm never gave this worker ends the link; one that ended meanwhile is only told so. */
  #notYours(session: Session, build: number): void {
    if (session.formerBuilds.has(build)) {
      session.send({ t: 'abort', build, reason: 'the build has ended' });
    } else {
      session.refuse('notYours', `build ${build} is not this worker's`);
    }
  }

  /** A link went down: its builds go on by their leases until the worker is back. */
  disconnected(session: Session): void {
    for (const build of this.#builds.values()) {
      if (build.session === session) build.session = undefined;
    }
  }

  /**
   * What becomes of a worker's builds when it connects: those of the same agent go on under a new
   * epoch; what it has lost, or an agent before it had, is lost; what the farm has ended is aborted.
   */
  async resume(session: Session, hello: Hello): Promise<WelcomeBuild[]> {
    const { store } = this.#context;
    const here = new Map(hello.builds.map((build) => [build.build, build]));
    const answers: WelcomeBuild[] = [];
    for (const row of await openBuilds(store.read, session.id)) {
      const answer =
        row.boot === hello.boot && here.has(row.id)
          ? await this.#takeOver(session, row)
          : undefined;
      if (answer === undefined) {
        await this.lose(row, `worker ${session.name} came back without it`);
      } else {
        answers.push(answer);
        here.delete(row.id);
      }
    }
    for (const build of here.values()) {
      session.formerBuilds.add(build.build);
      answers.push({
        build: build.build,
        action: 'abort',
        epoch: build.epoch,
        entries: 0,
        logs: [],
      });
    }
    return answers;
  }

  async #takeOver(session: Session, row: BuildRow): Promise<WelcomeBuild | undefined> {
    const build = this.#builds.get(row.id);
    if (build === undefined || build.state !== 'started') return undefined;
    const { store, logs, now } = this.#context;
    // What the old link brought is stored before the new one is told where to go on.
    build.session = undefined;
    await build.tail;
    const leaseUntil = now() + leaseMs;
    const epoch = await store.unit((db) =>
      raiseEpoch(db, row.id, { epoch: build.epoch, leaseUntil }),
    );
    if (epoch === undefined) return undefined;
    const positions = await Promise.all(
      build.logs.map(async (id, step) => ({
        step,
        offset: await logs.position({ id, file: build.file }),
      })),
    );
    build.epoch = epoch;
    build.session = session;
    build.sequences.clear();
    build.isRewinding = false;
    return { build: build.id, action: 'continue', epoch, entries: build.entries, logs: positions };
  }

  async loseById(id: number, text: string): Promise<void> {
    const row = await buildById(this.#context.store.read, id);
    if (row !== undefined) await this.lose(row, text);
  }

  /** Infrastructure took a build. */
  async lose(row: BuildRow, text: string): Promise<void> {
    const { store, now, log, maxAttempts } = this.#context;
    const build = this.#builds.get(row.id);
    if (build !== undefined) this.forget(build);
    const isRetried = await store.unit((db) =>
      loseBuild(db, row, { text, maxAttempts: maxAttempts(), at: now() }),
    );
    if (build?.session !== undefined) {
      build.session.formerBuilds.add(build.id);
      build.session.send({ t: 'abort', build: build.id, reason: text });
    }
    if (isRetried === undefined) return;
    log.warn(`build ${row.id} is lost: ${text}${isRetried ? '; its request waits again' : ''}`);
    const { builder_id: builderId, request_id: requestId, worker_id: workerId } = row;
    this.#context.ended({ builderId, requestId, workerId, startedAt: row.started_at }, isRetried);
  }

  /** A worker's builds are lost at once: it may not go on. */
  async loseThoseOf(workerId: number, text: string): Promise<void> {
    for (const row of await openBuilds(this.#context.store.read, workerId)) {
      await this.lose(row, text);
    }
  }

  /** A person wants a build ended: its worker is told, now or when it is back. */
  cancel(id: number, reason: string): void {
    const build = this.#builds.get(id);
    if (build === undefined) return;
    build.cancelReason = reason;
    build.session?.send({ t: 'cancel', build: id, epoch: build.epoch, reason });
  }

  /** A session began: what people wanted of its builds meanwhile is told now. */
  opened(session: Session): void {
    for (const { id, session: holder, cancelReason } of this.#builds.values()) {
      if (holder === session && cancelReason !== null) this.cancel(id, cancelReason);
    }
  }

  /** Renews the leases of builds whose worker was heard from since the last renewal. */
  async renew(sessions: readonly Session[], since: number): Promise<void> {
    const { store, now } = this.#context;
    const heard = sessions.filter((session) => session.heardAt >= since);
    if (heard.length === 0) return;
    // A build that no link reports is not renewed, whatever its worker does else: the reaper ends it.
    const reported = [...this.#builds.values()].filter(
      ({ session }) => session !== undefined && session.heardAt >= since,
    );
    await store.unit(async (db) => {
      await renewLeases(
        db,
        reported.map(({ id }) => id),
        now() + leaseMs,
      );
      await setHeard(
        db,
        heard.map(({ id }) => id),
        now(),
      );
    });
  }

  /** The reaper: ends the builds whose lease ran out. */
  async reap(): Promise<void> {
    const now = this.#context.now();
    for (const row of await openBuilds(this.#context.store.read)) {
      if (row.lease_until < now) await this.lose(row, 'its worker was out of reach for too long');
    }
  }

  /** An engine that starts finds the builds of the one before it: no link of theirs is left. */
  async loseAll(): Promise<void> {
    for (const row of await openBuilds(this.#context.store.read)) {
      await this.lose(row, 'the master stopped while it ran');
    }
  }
}
