import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { maxChunkBytes } from '@weir/protocol';
import type { AppendAnswer } from '../log-sink.ts';
import { decompress } from './bytes.ts';
import type { LogParts } from './log-parts.ts';
import type { Cut } from './log-rows.ts';
import { endOf } from './log-rows.ts';
import { LogRefusedError } from './refused.ts';
import { removeSpan } from './remove-span.ts';

/** A chunk smaller than this is rewritten with what comes next, so that a trickle leaves few chunks. */
const minChunkBytes = 4096;
/** The tail of a log over its cap is trimmed only when so much can go at once. */
const cutSlackBytes = 1024 * 1024;

/**
 * A log that is being written, within its writer's transactions: what is stored of it is one run
 * of bytes from 0, or two with a cut between them. When a transaction is rolled back, drop it: it
 * loads itself from the rows again.
 */
export class LiveLog {
  readonly id: number;
  /** Where in what the step printed the last byte taken ends. */
  end = 0;
  cut: Cut | undefined;
  /** Another one after whatever changed the log. */
  version = Symbol('version');
  readonly capBytes: number;
  readonly #parts: LogParts;
  /** Of all bytes; none after a cut, or where a writer before this one wrote some. */
  #hash: Hash | undefined;
  /** The last chunk, not full yet, and its row when the beginning of it is stored. */
  #open: Uint8Array[] = [];
  #openOffset = 0;
  #openRow: { row: number; lines: number; end: number } | undefined;
  /** Line ends before the open chunk. */
  #lineEnds = 0;
  #isFinished = false;

  constructor(id: number, parts: LogParts, capBytes: number) {
    this.id = id;
    this.#parts = parts;
    this.capBytes = capBytes;
    this.#load();
  }

  #load(): void {
    const { rows } = this.#parts;
    this.version = Symbol('version');
    const finished = rows.finished(this.id);
    if (finished !== undefined) {
      this.#isFinished = true;
      this.end = finished.bytes;
      this.#openOffset = this.end;
      return;
    }
    this.cut = rows.cut(this.id);
    this.#open = [];
    this.#openRow = undefined;
    const last = rows.last(this.id);
    this.end = this.cut?.to ?? 0;
    this.#lineEnds = 0;
    if (last !== undefined) {
      this.end = Math.max(this.end, endOf(last));
      this.#lineEnds = last.firstLine + last.lines;
    }
    this.#openOffset = this.end;
    this.#hash = this.end === 0 ? createHash('sha256') : undefined;
    if (last !== undefined && last.bytes < minChunkBytes && endOf(last) === this.end) {
      const data = rows.data(this.id, last);
      if (data === undefined) return;
      this.#open = [decompress(data)];
      this.#openOffset = last.offset;
      this.#openRow = { row: last.row, lines: last.lines, end: this.end };
      this.#lineEnds = last.firstLine;
    }
  }

  /**
   * Takes bytes that stood at `offset`; drops what it has of them, and refuses to leave a gap.
   *
   * @throws LogRefusedError when the log is finished and these go beyond its end
   */
  append(offset: number, bytes: Uint8Array, afterCut: boolean): AppendAnswer {
    if (this.#isFinished && offset + bytes.length > this.end) {
      throw new LogRefusedError('log-finished', `log ${this.id} is finished`);
    }
    if (offset > this.end) {
      if (!afterCut) return { t: 'rewind', offset: this.end };
      this.#jump(offset);
    }
    const fresh = bytes.subarray(this.end - offset);
    if (fresh.length > 0) this.version = Symbol('version');
    for (let at = 0; at < fresh.length; at += maxChunkBytes) {
      this.#add(fresh.subarray(at, at + maxChunkBytes));
    }
    return { t: 'stored', offset: this.end };
  }

  #add(bytes: Uint8Array): void {
    if (this.end - this.#openOffset + bytes.length > maxChunkBytes) this.#seal();
    this.#hash?.update(bytes);
    this.#open.push(bytes);
    this.end += bytes.length;
  }

  /** Writes what was taken into rows; before each commit. */
  flush(): void {
    if (this.end - this.#openOffset >= minChunkBytes) this.#seal();
    else this.#store();
    this.#trimTail();
  }

  #seal(): void {
    this.#lineEnds += this.#store();
    this.#open = [];
    this.#openOffset = this.end;
    this.#openRow = undefined;
  }

  /** Returns the line ends in the open chunk. */
  #store(): number {
    const known = this.#openRow;
    if (this.end === (known?.end ?? this.#openOffset)) return known?.lines ?? 0;
    const { edits } = this.#parts;
    const [first = new Uint8Array(), ...more] = this.#open;
    const raw = more.length === 0 ? first : Buffer.concat(this.#open);
    this.#open = [raw];
    const { row, lines } =
      known === undefined
        ? edits.insert(this.id, this.#openOffset, this.#lineEnds, raw)
        : edits.rewrite(this.id, known.row, raw);
    this.#openRow = { row, lines, end: this.end };
    return lines;
  }

  /**
   * The sender's own cap cut what lies before `offset`. All that it will keep in the end is the
   * head and what begins at `offset` or later.
   */
  #jump(offset: number): void {
    this.flush();
    const from = this.cut?.from ?? Math.min(this.end, this.#headEnd());
    this.#cutOut(from, Math.max(this.end, offset));
    this.end = offset;
    this.#openOffset = offset;
    this.#recordCut(from, offset);
  }

  /** Keeps what is stored within the cap, whatever the sender sends. */
  #trimTail(): void {
    const headBytes = Math.floor(this.capBytes / 4);
    const tailBytes = this.capBytes - headBytes;
    const tailStart = this.cut?.to ?? headBytes;
    if (this.end - tailStart <= tailBytes + cutSlackBytes) return;
    const from = this.cut?.from ?? this.#headEnd();
    const to = this.#parts.rows.at(this.id, this.end - tailBytes)?.offset ?? this.end;
    if (to <= from) return;
    this.#cutOut(from, to);
    this.#recordCut(from, to);
  }

  /** Where the chunk ends that holds the last byte of the head. */
  #headEnd(): number {
    const chunk = this.#parts.rows.startingBefore(this.id, Math.floor(this.capBytes / 4));
    return chunk === undefined ? 0 : endOf(chunk);
  }

  #cutOut(from: number, to: number): void {
    this.#seal();
    removeSpan(this.#parts, this.id, from, to);
    this.#hash = undefined;
    this.version = Symbol('version');
  }

  #recordCut(from: number, to: number): void {
    const { rows, edits } = this.#parts;
    const before = rows.startingBefore(this.id, from);
    const counted = before === undefined ? 0 : before.firstLine + before.lines;
    const behind = rows.startingFrom(this.id, to)?.firstLine ?? this.#lineEnds;
    this.cut = { from, to, lines: behind - counted };
    edits.putCut(this.id, this.cut);
  }

  /** Takes away everything from `offset` on. */
  truncate(offset: number): void {
    this.flush();
    removeSpan(this.#parts, this.id, offset, Number.MAX_SAFE_INTEGER);
    if (this.cut !== undefined && this.cut.to >= offset) this.#parts.edits.dropCut(this.id);
    this.#load();
  }

  /** Leaves exactly the bytes outside of `from` to `to`. */
  keepAllBut(from: number, to: number): void {
    this.flush();
    if (this.cut?.from === from && this.cut.to === to) return;
    this.#cutOut(from, to);
    this.#recordCut(from, to);
  }

  /** Line ends in all that is stored. Call `flush` before. */
  lineEnds(): number {
    const last = this.#parts.rows.last(this.id);
    return last === undefined ? 0 : last.firstLine + last.lines - (this.cut?.lines ?? 0);
  }

  /** Of all bytes, when they were all seen by this writer; hexadecimal. */
  digest(): string | undefined {
    return this.#hash?.copy().digest('hex');
  }
}
