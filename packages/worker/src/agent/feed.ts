import { maxChunkBytes, maxInFlightBytes, partialLineMs } from '@weir/protocol';
import type { JournalEntry } from '@weir/protocol';
import type { Link } from '../link/link.ts';
import { readJournal } from '../runner/journal.ts';
import { logDir, slotPaths } from '../runner/paths.ts';
import { SpoolReader } from '../spool/reader.ts';

/** What a feed needs of a link. */
export type FeedLink = Pick<Link, 'isFull' | 'send' | 'sendLog'>;

/** One log on its way: what was sent, and what the farm has stored. */
interface LogFeed {
  readonly reader: SpoolReader;
  sent: number;
  stored: number;
  sequence: number;
}

const maxEntriesInMessage = 1_000;
const newline = 0x0a;
/** One for all pieces, which are copied into their frames: a new one for each has V8 collect garbage all the time. */
const pieceRoom = Buffer.allocUnsafeSlow(maxChunkBytes);

/**
 * Brings one build to the farm: its journal and its logs, from where the farm has them. Everything
 * is read back from the slot's folder, so a feed can begin anywhere, as often as links break.
 */
export class Feed {
  readonly build: number;
  readonly #slotDir: string;
  readonly #journal: string;
  readonly #gone: () => void;
  readonly #logs = new Map<number, LogFeed>();
  epoch: number;
  /** Lines in the journal, as the runner said. */
  #written = 0;
  #sentEntries = 0;
  #storedEntries = 0;
  /** The step whose log grows. */
  #step: number | null = null;
  #link: FeedLink | null = null;
  #partialSince: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** @param gone called when the slot's folder can't be read, and the farm was told that the build is lost */
  constructor(build: number, epoch: number, slotDir: string, gone: () => void) {
    this.build = build;
    this.epoch = epoch;
    this.#slotDir = slotDir;
    this.#journal = slotPaths(slotDir).journal;
    this.#gone = gone;
  }

  get entries(): number {
    return this.#storedEntries;
  }

  /** Goes on over this link, from where the farm says that it is. */
  attach(
    link: FeedLink,
    from: { epoch: number; entries: number; logs: readonly { step: number; offset: number }[] },
  ): void {
    this.#link = link;
    this.epoch = from.epoch;
    this.#sentEntries = from.entries;
    this.#storedEntries = from.entries;
    this.#logs.clear();
    for (const { step, offset } of from.logs) {
      const log = this.#log(step);
      log.sent = offset;
      log.stored = offset;
    }
    this.#orLost(() => (this.#step = this.#stepAfter(from.entries)));
    this.pump();
  }

  /** The link went down: what happens meanwhile stays in the slot's folder. */
  detach(): void {
    this.#link = null;
    this.#stopTimer();
  }

  /** The runner wrote up to this entry. */
  wrote(entries: number): void {
    this.#written = Math.max(this.#written, entries);
    this.pump();
  }

  stored(ack: {
    entries?: number | undefined;
    log?: { step: number; offset: number } | undefined;
  }): void {
    if (ack.entries !== undefined) {
      this.#storedEntries = Math.max(this.#storedEntries, ack.entries);
    }
    if (ack.log !== undefined) {
      const log = this.#log(ack.log.step);
      log.stored = Math.max(log.stored, ack.log.offset);
    }
    this.pump();
  }

  /** The farm lacks something of a log: it, and the entries that wait for it, are sent again. */
  rewind({ step, offset }: { step: number; offset: number }): void {
    const log = this.#log(step);
    log.sent = offset;
    log.stored = offset;
    this.#sentEntries = this.#storedEntries;
    this.#orLost(() => (this.#step = this.#stepAfter(this.#storedEntries)));
    this.pump();
  }

  /** Sends what may be sent now. Called whenever something was written, stored or drained. */
  pump(): void {
    this.#orLost(() => this.#pump());
  }

  /**
   * What can't be read can't be brought, however often links come up: the disk fails, or somebody
   * made room in the wrong folder.
   */
  #orLost(read: () => void): void {
    const link = this.#link;
    if (link === null) return;
    try {
      read();
    } catch (error) {
      this.detach();
      const reason = `its worker can't read what it did: ${String(error)}`.slice(0, 300);
      link.send({ t: 'lost', build: this.build, epoch: this.epoch, reason, cause: 'fault' });
      this.#gone();
    }
  }

  #pump(): void {
    const link = this.#link;
    if (link === null) return;
    for (;;) {
      if (link.isFull) return;
      if (this.#step !== null && !this.#pumpLog(link, this.#step)) return;
      if (!this.#pumpJournal(link)) return;
    }
  }

  /**
   * Sends entries up to the end of a step's log, which has to be sent before its `log-finished`.
   * False when there are no more for now.
   */
  #pumpJournal(link: FeedLink): boolean {
    if (this.#sentEntries >= this.#written) return false;
    const to = Math.min(this.#written, this.#sentEntries + maxEntriesInMessage);
    const ready = readJournal(this.#journal, this.#sentEntries + 1, to);
    const entries: JournalEntry[] = [];
    for (const entry of ready) {
      if (entry.t === 'log-finished' && this.#step === entry.step) this.#step = null;
      entries.push(entry);
      if (entry.t === 'step-started') {
        this.#step = entry.step;
        break;
      }
    }
    this.#sentEntries += entries.length;
    link.send({ t: 'journal', build: this.build, epoch: this.epoch, entries });
    return true;
  }

  /** Sends what the step has printed. True when nothing of its log is left to send before the journal goes on. */
  #pumpLog(link: FeedLink, step: number): boolean {
    const log = this.#log(step);
    const isWhole = this.#sentEntries < this.#written;
    for (;;) {
      if (link.isFull || log.sent - log.stored >= maxInFlightBytes) return false;
      const piece = log.reader.read(log.sent, pieceRoom);
      if (piece === null) {
        this.#partialSince = null;
        return isWhole;
      }
      const bytes = isWhole ? piece.bytes : this.#wholeLines(piece.bytes);
      if (bytes.length === 0) return false;
      const { offset, afterCut } = piece;
      const { sequence } = log;
      link.sendLog({
        build: this.build,
        epoch: this.epoch,
        step,
        sequence,
        offset,
        afterCut,
        bytes,
      });
      log.sequence += 1;
      log.sent = offset + bytes.length;
      // What the cap cut is never stored: the window counts from behind it.
      if (afterCut) log.stored = Math.max(log.stored, offset);
    }
  }

  /** Up to the last line that is whole; a partial one is held back for a moment, as more of it may come. */
  #wholeLines(bytes: Buffer): Buffer {
    const end = bytes.lastIndexOf(newline) + 1;
    if (end > 0) {
      this.#partialSince = null;
      return bytes.subarray(0, end);
    }
    const now = performance.now();
    this.#partialSince ??= now;
    const held = now - this.#partialSince;
    if (held >= partialLineMs || bytes.length === maxChunkBytes) {
      this.#partialSince = null;
      return bytes;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.pump();
    }, partialLineMs - held);
    return Buffer.alloc(0);
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#partialSince = null;
  }

  /** The step that runs after so many entries: the last one that was started and whose log is not finished. */
  #stepAfter(entries: number): number | null {
    if (entries === 0) return null;
    let step: number | null = null;
    for (const entry of readJournal(this.#journal, 1, entries)) {
      if (entry.t === 'step-started') step = entry.step;
      if (entry.t === 'log-finished') step = null;
    }
    return step;
  }

  #log(step: number): LogFeed {
    const known = this.#logs.get(step);
    if (known !== undefined) return known;
    const reader = new SpoolReader(logDir(this.#slotDir, step));
    const log = { reader, sent: 0, stored: 0, sequence: 0 };
    this.#logs.set(step, log);
    return log;
  }
}
