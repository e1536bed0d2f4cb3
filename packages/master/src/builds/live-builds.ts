import type { LogFrame } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { BuildRow } from '../store/builds.ts';
import { buildById, openBuilds } from '../store/builds.ts';
import type { Store } from '../store/store.ts';
import type { SessionMessage } from '../workers/link.ts';
import type { Session } from '../workers/session.ts';
import type { EndedBuild } from './ended-build.ts';
import type { IntakeContext } from './intake.ts';
import { Intake } from './intake.ts';
import type { LiveBuild } from './live-build.ts';
import { loadBuilds } from './load-builds.ts';
import type { LogSink } from './log-sink.ts';
import { loseBuild } from './lose-build.ts';

/** `gone`: its link broke, or the master was restarted, before it took the build. */
export interface Decline {
  readonly cause: 'policy' | 'busy' | 'gone';
  readonly reason: string;
}
export type BuildMessage = Extract<SessionMessage, { build: number }>;

export interface LiveBuildsContext {
  readonly store: Store;
  readonly logs: LogSink;
  readonly objects: IntakeContext['objects'];
  readonly room: IntakeContext['room'];
  readonly now: Clock;
  readonly log: Log;
  readonly maxAttempts: () => number;
  readonly testRules: IntakeContext['testRules'];
  grew(log: number, bytes: number): void;
  readonly damaged: IntakeContext['damaged'];
  /** A build ended, whatever the end. */
  ended(build: EndedBuild): void;
  /** A worker does not want what it was offered. False when that is not to be taken back any more. */
  declined(build: LiveBuild, decline: Decline): Promise<boolean>;
}

export const notTaken: Decline = { cause: 'gone', reason: 'the link broke before it was taken' };

/** The builds that have not finished: their links, their epochs, their ends. */
export class LiveBuilds {
  readonly #context: LiveBuildsContext;
  readonly #intake: Intake;
  readonly #builds = new Map<number, LiveBuild>();

  constructor(context: LiveBuildsContext) {
    this.#context = context;
    this.#intake = new Intake({
      ...context,
      refused: (build, text) => {
        this.#refused(build, text).catch((error: unknown) =>
          context.log.warn(String(error), { build: build.id }),
        );
      },
      finished: (build) => {
        this.#builds.delete(build.id);
        build.session?.formerBuilds.add(build.id);
        if (!build.isLate) context.ended(build);
      },
    });
  }

  /** Takes up the builds of the engine before this one: their workers come back with them. */
  async start(): Promise<void> {
    const { store } = this.#context;
    const rows = await openBuilds(store.read);
    for (const build of await loadBuilds(store.read, rows)) this.add(build);
  }

  /** Those that have no end yet, within reach or not. */
  all(): IteratorObject<LiveBuild> {
    return this.#builds.values().filter(({ isLate }) => !isLate);
  }

  get(id: number): LiveBuild | undefined {
    return this.#builds.get(id);
  }

  add(build: LiveBuild): void {
    this.#builds.set(build.id, build);
  }

  /** Nothing more is taken of it; its worker is told. */
  takeAway(build: LiveBuild, reason: string): void {
    this.forget(build);
    const { id, session } = build;
    if (session === undefined) return;
    session.offers.delete(id);
    session.formerBuilds.add(id);
    session.send({ t: 'abort', build: id, reason });
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
          session.offers.delete(build.id);
          session.credit -= 1;
          session.send({ t: 'start', build: build.id, epoch: build.epoch });
          // The worker could not end what it had not begun.
          if (build.cancelReason !== null) this.cancel(build.id, build.cancelReason);
        }
        return;
      case 'decline':
        if (build.state !== 'offered') return;
        session.offers.delete(build.id);
        // Its word on its slots was wrong, or is on its way: the next one counts.
        if (message.cause === 'busy') session.credit = 0;
        return this.giveBack(build, message);
      case 'journal':
        return refuseIf(session, this.#intake.journal(build, session, message.entries));
      case 'lost':
        return this.#takenAway(build, session, message);
    }
  }

  /** After all that came before it: the build may have ended meanwhile. */
  #takenAway(
    build: LiveBuild,
    session: Session,
    { reason, cause }: Extract<BuildMessage, { t: 'lost' }>,
  ): void {
    const { log } = this.#context;
    const text = `worker ${session.name} gave it up: ${reason}`;
    build.tail = build.tail
      .then(() => this.loseById(build.id, text, { isMeant: cause !== 'fault' }))
      .catch((error: unknown) =>
        log.warn(`build ${build.id} was not taken back: ${String(error)}`, {
          build: build.id,
          request: build.requestId,
          worker: session.name,
        }),
      );
  }

  /** Its worker does not have it: the request waits again, as if nobody had claimed it. */
  giveBack(build: LiveBuild, decline: Decline): void {
    this.forget(build);
    this.#giveBack(build, decline).catch((error: unknown) => {
      this.#context.log.warn(`build ${build.id} was not given back: ${String(error)}`, {
        build: build.id,
        request: build.requestId,
      });
    });
  }

  async #giveBack(build: LiveBuild, decline: Decline): Promise<void> {
    if (await this.#context.declined(build, decline)) return;
    // What a person wanted ended meanwhile does not wait for another worker.
    const row = await buildById(this.#context.store.read, build.id);
    if (row?.epoch !== build.epoch || row.cancel_reason === null) return;
    await this.lose(row, decline.reason);
  }

  logFrame(session: Session, frame: LogFrame): void {
    const build = this.#builds.get(frame.build);
    if (build?.session !== session) return this.#notYours(session, frame.build);
    if (frame.epoch !== build.epoch) return;
    refuseIf(session, this.#intake.logFrame(build, session, frame));
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
      if (build.session !== session) continue;
      build.session = undefined;
      if (build.isLate) this.forget(build);
      // Without our `start` it has not begun, and the worker has forgotten the offer with the link.
      if (build.state === 'offered') this.giveBack(build, notTaken);
    }
  }

  async loseById(id: number, text: string, how?: { isMeant: boolean }): Promise<void> {
    const row = await buildById(this.#context.store.read, id);
    if (row !== undefined) return this.lose(row, text, how);
    // Another engine gave it back.
    this.#builds.delete(id);
  }

  /** Infrastructure took a build; `isMeant`: somebody did so on purpose, and its worker is not to blame. */
  async lose(row: BuildRow, text: string, { isMeant } = { isMeant: false }): Promise<void> {
    const { store, now, log, maxAttempts } = this.#context;
    const isRetried = await store.unit((db) =>
      loseBuild(db, row, { text, maxAttempts: maxAttempts(), isMeant, at: now() }),
    );
    const build = this.#builds.get(row.id);
    if (isRetried === undefined && build?.epoch !== row.epoch) return;
    if (build !== undefined) this.takeAway(build, text);
    if (isRetried === undefined) return;
    const { id, builder_id: builderId, request_id: requestId, worker_id: workerId } = row;
    log.warn(`build ${row.id} is lost: ${text}${isRetried ? '; its request waits again' : ''}`, {
      build: row.id,
      request: requestId,
    });
    const upstreamCommit = build?.upstreamCommit ?? null;
    const startedAt = row.started_at;
    this.#context.ended({ id, builderId, requestId, workerId, startedAt, upstreamCommit });
  }

  /** Its logs can't be stored, and never will be. */
  async #refused(build: LiveBuild, text: string): Promise<void> {
    if (!build.isLate) return this.loseById(build.id, text);
    this.takeAway(build, text);
  }

  /** A worker's builds are lost at once: a person wants it to go on no more. */
  async loseThoseOf(workerId: number, text: string): Promise<void> {
    for (const row of await openBuilds(this.#context.store.read, workerId)) {
      await this.lose(row, text, { isMeant: true });
    }
  }

  /** Resolves when all that came in is stored, or refused. */
  async settled(): Promise<void> {
    await Promise.all([...this.#builds.values()].map(({ tail }) => tail));
  }

  /** A person wants a build ended: its worker is told, now or when it is back. */
  cancel(id: number, reason: string): void {
    const build = this.#builds.get(id);
    if (build === undefined || build.isLate) return;
    build.cancelReason = reason;
    build.session?.send({ t: 'cancel', build: id, epoch: build.epoch, reason });
  }

  /** A session began: what people wanted of its builds meanwhile is told now. */
  opened(session: Session): void {
    for (const { id, session: holder, cancelReason } of this.#builds.values()) {
      if (holder === session && cancelReason !== null) this.cancel(id, cancelReason);
    }
  }
}

function refuseIf(session: Session, refusal: string | undefined): void {
  if (refusal !== undefined) session.refuse('badFrame', refusal);
}
