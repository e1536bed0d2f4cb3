import { maxInFlightBytes } from '@weir/protocol';
import type { JournalEntry, LogFrame } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { DiskRoom } from '../disk-room.ts';
import { DiskFullError } from '../store/disk-full.ts';
import type { Store } from '../store/store.ts';
import type { Session } from '../workers/session.ts';
import { applyJournal } from './apply-journal.ts';
import { HeldBack } from './held-back.ts';
import type { LiveBuild } from './live-build.ts';
import type { LogAddress, LogSink } from './log-sink.ts';
import { LogRefusedError } from './logs/refused.ts';

export interface IntakeContext {
  readonly store: Store;
  readonly logs: LogSink;
  readonly room: Pick<DiskRoom, 'isFull' | 'failed' | 'returned'>;
  readonly now: Clock;
  readonly maxAttempts: () => number;
  /** Bytes were stored: who follows the log wants to know. */
  grew(log: number, bytes: number): void;
  /** The build's logs are of a kind that no correct worker sends. */
  refused(build: LiveBuild, text: string): void;
  /** The build and all of its logs are stored for good. */
  finished(build: LiveBuild): void;
}

/** A worker that sends on and on without waiting for acknowledgements. */
const maxUnstoredBytes = 4 * maxInFlightBytes;

/**
 * Takes what a worker reports of its builds: log bytes to the log files, journal entries to the
 * store, in that order. Acknowledges after the commit, never before.
 */
export class Intake {
  readonly #context: IntakeContext;
  readonly #heldBack: HeldBack;

  constructor(context: IntakeContext) {
    this.#context = context;
    this.#heldBack = new HeldBack(context.logs, (build, session, step, error) =>
      this.#failed(build, session, step, error),
    );
  }

  /** One piece of a log. Undefined, or why the link must be closed. */
  logFrame(build: LiveBuild, session: Session, frame: LogFrame): string | undefined {
    const id = build.logs[frame.step];
    if (id === undefined) return `build ${build.id} has no step ${frame.step}`;
    const expected = build.sequences.get(frame.step) ?? 0;
    // What follows a lost frame is on its way already: the worker was told to go back.
    if (frame.sequence > expected) return `log frame ${frame.sequence} came, ${expected} was next`;
    build.sequences.set(frame.step, expected + 1);
    const { room } = this.#context;
    if (room.isFull) {
      this.#heldBack.hold(build, session, frame.step, room.returned());
      return undefined;
    }
    build.unstored += frame.bytes.length;
    if (build.unstored > maxUnstoredBytes) {
      return 'too many log bytes without waiting for acknowledgement';
    }
    // The frame is a view of ws's buffer, which goes with the next frame.
    const bytes = new Uint8Array(frame.bytes);
    this.#store(build, session, frame, { id, file: build.file }, bytes).catch((error: unknown) =>
      this.#failed(build, session, frame.step, error),
    );
    return undefined;
  }

  async #store(
    build: LiveBuild,
    session: Session,
    { step, offset, afterCut }: LogFrame,
    log: LogAddress,
    bytes: Uint8Array,
  ): Promise<void> {
    const size = bytes.length;
    const answer = await this.#context.logs.append(log, offset, bytes, afterCut).finally(() => {
      build.unstored -= size;
    });
    if (build.session !== session) return;
    const position = { step, offset: answer.offset };
    if (answer.t === 'rewind') {
      session.send({ t: 'rewind', build: build.id, epoch: build.epoch, log: position });
      return;
    }
    session.send({ t: 'ack', build: build.id, epoch: build.epoch, log: position });
    this.#context.grew(log.id, answer.offset);
  }

  /** Entries of the build's journal; applied in the order in which they came. */
  journal(build: LiveBuild, session: Session, entries: readonly JournalEntry[]): void {
    build.tail = build.tail
      .then(() => this.#apply(build, session, entries))
      .catch((error: unknown) => this.#failed(build, session, stepOf(build, entries), error));
  }

  /**
   * What the worker sent can't be stored. For want of room or time it is asked for again; a log that
   * no correct worker sends ends the build, or the worker would come back with it for ever; anything
   * else ends the link.
   */
  #failed(build: LiveBuild, session: Session, step: number, error: unknown): void {
    const { logs, room } = this.#context;
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof DiskFullError) {
      room.failed();
      this.#heldBack.hold(build, session, step, room.returned());
    } else if (!(error instanceof LogRefusedError)) {
      session.refuse('badFrame', text);
    } else if (error.code === 'log-queue-full') {
      this.#heldBack.hold(build, session, step, logs.caughtUp());
    } else {
      this.#context.refused(build, text);
    }
  }

  async #apply(build: LiveBuild, session: Session, sent: readonly JournalEntry[]): Promise<void> {
    if (build.session !== session) return;
    const { room } = this.#context;
    if (room.isFull) {
      return this.#heldBack.hold(build, session, stepOf(build, sent), room.returned());
    }
    const { epoch } = build;
    // What was stored before a link broke comes again after it.
    const entries = sent.filter((entry) => entry.n > build.entries);
    const [first] = entries;
    if (first !== undefined) {
      if (first.n !== build.entries + 1 && build.isRewinding) return;
      checkEntries(build, entries);
      build.isRewinding = false;
      const lines = await this.#finishLogs(build, session, entries);
      if (lines === undefined) return;
      const { store, now, maxAttempts } = this.#context;
      const outcomes = await store.unit((db) =>
        applyJournal(db, build, entries, { lines, maxAttempts: maxAttempts(), at: now() }),
      );
      if (outcomes === undefined) {
        session.send({
          t: 'abort',
          build: build.id,
          reason: 'the build has ended, or another link has it',
        });
        return;
      }
      build.entries += entries.length;
      build.outcomes = outcomes;
    }
    session.send({ t: 'ack', build: build.id, epoch, entries: build.entries });
    if (entries.at(-1)?.t === 'build-finished') {
      session.send({ t: 'confirmed', build: build.id, epoch });
      this.#context.finished(build);
    }
  }

  /** Log first, then the fact that the step ended. Undefined: a log is not whole, and was asked for again. */
  async #finishLogs(
    build: LiveBuild,
    session: Session,
    entries: readonly JournalEntry[],
  ): Promise<Map<number, number> | undefined> {
    const lines = new Map<number, number>();
    for (const entry of entries) {
      if (entry.t !== 'log-finished') continue;
      const id = build.logs[entry.step];
      if (id === undefined) throw new Error(`build ${build.id} has no step ${entry.step}`);
      const answer = await this.#context.logs.finish({ id, file: build.file }, entry);
      if (answer.t === 'rewind') {
        const log = { step: entry.step, offset: answer.offset };
        build.isRewinding = true;
        session.send({ t: 'rewind', build: build.id, epoch: build.epoch, log });
        return undefined;
      }
      lines.set(entry.step, answer.lines);
    }
    return lines;
  }
}

/** A step by which these entries can be asked for again. */
function stepOf({ steps }: LiveBuild, entries: readonly JournalEntry[]): number {
  const entry = entries.find((candidate) => 'step' in candidate);
  return entry?.step ?? steps - 1;
}

/** @throws Error when they are not the next ones, or of a step that the build has not */
function checkEntries(build: LiveBuild, entries: readonly JournalEntry[]): void {
  let next = build.entries;
  for (const entry of entries) {
    next += 1;
    if (entry.n !== next) throw new Error(`journal entry ${entry.n} came, ${next} was next`);
    if (entry.t === 'build-finished' && entry !== entries.at(-1)) {
      throw new Error(`journal entry ${entry.n + 1} came after the build's end`);
    }
    if ('step' in entry && entry.step >= build.steps) {
      throw new Error(`build ${build.id} has no step ${entry.step}`);
    }
  }
}
