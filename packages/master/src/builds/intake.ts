import { setTimeout as sleep } from 'node:timers/promises';
import type { ReportRules } from '@weir/model';
import { maxInFlightBytes } from '@weir/protocol';
import type { JournalEntry, LogFrame } from '@weir/protocol';
import type { Clock } from '../clock.ts';
import type { DiskRoom } from '../disk-room.ts';
import type { Log } from '../log.ts';
import { DiskFullError } from '../store/disk-full.ts';
import type { Store } from '../store/store.ts';
import type { Session } from '../workers/session.ts';
import { applyJournal } from './apply-journal.ts';
import { HeldBack } from './held-back.ts';
import type { LiveBuild } from './live-build.ts';
import type { LogAddress, LogSink } from './log-sink.ts';
import { LogRefusedError } from './logs/refused.ts';
import type { ObjectStore } from './objects/object-store.ts';
import { ObjectsAwayError } from './objects/object-store.ts';

export interface IntakeContext {
  readonly store: Store;
  readonly logs: LogSink;
  readonly objects: Pick<ObjectStore, 'bytesOf'>;
  readonly room: Pick<DiskRoom, 'isFull' | 'failed' | 'returned'>;
  readonly now: Clock;
  readonly log: Log;
  readonly maxAttempts: () => number;
  /** How much of its suite a builder may lose. */
  readonly testRules: (builderId: number) => ReportRules;
  /** Bytes were stored: who follows the log wants to know. */
  grew(log: number, bytes: number): void;
  /** The build could not fetch an object: it is looked at, so that another try finds it whole or not at all. */
  damaged(build: number, sha256: string): Promise<void>;
  /** The build's logs are of a kind that no correct worker sends. */
  refused(build: LiveBuild, text: string): void;
  /** The build and all of its logs are stored for good. */
  finished(build: LiveBuild): void;
}

/** A step starts, its log ends, and it ends. */
const entriesOfStep = 3;
/** What the build made is stored, and it ends. */
const entriesOfEnd = 2;
/** A worker that sends on and on without waiting for acknowledgements. */
const maxUnstoredBytes = 4 * maxInFlightBytes;
const maxUnappliedMessages = 1_000;
/** What a build made can't be asked for: its journal comes again after this. */
const objectsAwayMs = 2_000;
/** A log whose end is refused so often at the same place has lost what is missing. */
const maxRefusedEnds = 10;

/** A journal that no correct worker keeps; nothing of it was applied. */
class JournalRefusedError extends Error {
  override readonly name = 'JournalRefusedError';
}

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
    if (frame.sequence > expected) return `log frame ${frame.sequence} came, ${expected} was next`;
    build.sequences.set(frame.step, expected + 1);
    const { room } = this.#context;
    if (room.isFull) {
      this.#heldBack.hold(build, session, frame.step, room.returned());
      return undefined;
    }
    if (build.unstored + frame.bytes.length > maxUnstoredBytes) {
      return 'too many log bytes without waiting for acknowledgement';
    }
    build.unstored += frame.bytes.length;
    this.#store(build, session, frame, { id, file: build.file }).catch((error: unknown) =>
      this.#failed(build, session, frame.step, error),
    );
    return undefined;
  }

  async #store(
    build: LiveBuild,
    session: Session,
    { step, offset, afterCut, bytes }: LogFrame,
    log: LogAddress,
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

  /**
   * Entries of the build's journal; applied in the order in which they came. Undefined, or why the
   * link must be closed.
   */
  journal(
    build: LiveBuild,
    session: Session,
    entries: readonly JournalEntry[],
  ): string | undefined {
    if (build.unapplied >= maxUnappliedMessages) {
      return 'too many journal entries without waiting for acknowledgement';
    }
    build.unapplied += 1;
    build.tail = build.tail
      .then(() => this.#apply(build, session, entries))
      .catch((error: unknown) => this.#failed(build, session, stepOf(build, entries), error))
      .finally(() => (build.unapplied -= 1));
    return undefined;
  }

  /**
   * What the worker sent can't be stored. For want of room or time it is asked for again; a log or a
   * journal that no correct worker sends ends the build, or the worker would come back with it for
   * ever; anything else is the farm's own fault, and the worker tries again over another link.
   */
  #failed(build: LiveBuild, session: Session, step: number, error: unknown): void {
    const { logs, room, log } = this.#context;
    const text = error instanceof Error ? error.message : String(error);
    if (error instanceof DiskFullError) {
      room.failed();
      this.#heldBack.hold(build, session, step, room.returned());
    } else if (error instanceof LogRefusedError && error.code === 'log-queue-full') {
      this.#heldBack.hold(build, session, step, logs.caughtUp());
    } else if (error instanceof ObjectsAwayError) {
      this.#heldBack.hold(build, session, step, sleep(objectsAwayMs, undefined, { ref: false }));
    } else if (error instanceof LogRefusedError || error instanceof JournalRefusedError) {
      this.#context.refused(build, text);
    } else {
      log.warn(`build ${build.id}: ${text}`, { build: build.id, worker: session.name });
      // What follows on this link is out of order for our own fault.
      build.isRewinding = true;
      session.close('restarting', text);
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
      if (first.n !== build.entries + 1) {
        // Those before it are on their way again, or got lost with the order of the link.
        if (!build.isRewinding) session.refuse('badFrame', outOfOrder(first, build.entries));
        return;
      }
      checkEntries(build, entries);
      await this.#checkObjects(entries);
      build.isRewinding = false;
      const lines = await this.#finishLogs(build, session, entries);
      if (lines === undefined) return;
      await this.#lookAtUnfetched(build, entries);
      const { store, now, maxAttempts, testRules } = this.#context;
      const tests = testRules(build.builderId);
      const outcomes = await store.unit(
        (db) =>
          applyJournal(db, build, entries, { lines, maxAttempts: maxAttempts(), tests, at: now() }),
        { isGuarded: true },
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

  async #checkObjects(entries: readonly JournalEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.t !== 'artifact') continue;
      const { sha256, bytes } = entry;
      if ((await this.#context.objects.bytesOf(sha256)) === bytes) continue;
      refuseJournal(`its artifact ${sha256} was never brought`);
    }
  }

  async #lookAtUnfetched(build: LiveBuild, entries: readonly JournalEntry[]): Promise<void> {
    for (const entry of entries) {
      if (entry.t !== 'build-finished' || entry.unfetched === undefined) continue;
      await this.#context.damaged(build.id, entry.unfetched);
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
        countRefusedEnd(build, entry.step, answer.offset);
        const log = { step: entry.step, offset: answer.offset };
        build.isRewinding = true;
        session.send({ t: 'rewind', build: build.id, epoch: build.epoch, log });
        return undefined;
      }
      build.unfinished.delete(entry.step);
      lines.set(entry.step, answer.lines);
    }
    return lines;
  }
}

/** @throws JournalRefusedError when the log will not come to its end */
function countRefusedEnd({ unfinished }: LiveBuild, step: number, offset: number): void {
  const last = unfinished.get(step);
  const times = last?.offset === offset ? last.times + 1 : 1;
  if (times > maxRefusedEnds) {
    refuseJournal(`the log of step ${step} lacks what follows byte ${offset}`);
  }
  unfinished.set(step, { offset, times });
}

/** A step by which these entries can be asked for again. */
function stepOf({ steps }: LiveBuild, entries: readonly JournalEntry[]): number {
  const entry = entries.find((candidate) => 'step' in candidate);
  return entry?.step ?? steps - 1;
}

/** @throws JournalRefusedError when no correct worker would send them */
function checkEntries(build: LiveBuild, entries: readonly JournalEntry[]): void {
  let next = build.entries;
  for (const entry of entries) {
    next += 1;
    if (entry.n !== next) refuseJournal(outOfOrder(entry, next - 1));
    const most = entriesOfStep * build.steps + entriesOfEnd;
    if (entry.n > most) refuseJournal('its journal has no end');
    if (entry.t === 'build-finished' && entry !== entries.at(-1)) {
      refuseJournal(`journal entry ${entry.n + 1} came after the build's end`);
    }
    if ('step' in entry && entry.step >= build.steps) {
      refuseJournal(`build ${build.id} has no step ${entry.step}`);
    }
  }
}

function outOfOrder({ n }: JournalEntry, known: number): string {
  return `journal entry ${n} came, ${known + 1} was next`;
}

function refuseJournal(text: string): never {
  throw new JournalRefusedError(text);
}
