import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { compressChunk, countLineEnds, decompress } from './bytes.ts';
import type { Chunk, Cut, FinishRecord, LogRows } from './log-rows.ts';
import { endOf } from './log-rows.ts';

/** Changes the rows of one log file, within the caller's transaction. */
export class LogEdits {
  readonly #rows: LogRows;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #putCut: StatementSync;
  readonly #dropCut: StatementSync;
  readonly #putFinished: StatementSync;
  readonly #setPacked: StatementSync;
  readonly #dropFinished: StatementSync;

  constructor(db: DatabaseSync, rows: LogRows) {
    this.#rows = rows;
    this.#insert = db.prepare(
      'insert into chunk (log_id, offset, bytes, first_line, lines, data) values (?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare('update chunk set bytes = ?, lines = ?, data = ? where rowid = ?');
    this.#delete = db.prepare('delete from chunk where log_id = ? and offset >= ? and offset < ?');
    this.#putCut = db.prepare(
      'insert or replace into cut (log_id, start, end, lines) values (?, ?, ?, ?)',
    );
    this.#dropCut = db.prepare('delete from cut where log_id = ?');
    this.#putFinished = db.prepare(
      'insert into finished (log_id, bytes, ranges_json, lines, sha256, to_pack) values (?, ?, ?, ?, ?, ?)',
    );
    this.#dropFinished = db.prepare('delete from finished where log_id = ?');
    this.#setPacked = db.prepare('update finished set to_pack = 0 where log_id = ?');
  }

  /** Returns the line ends in the chunk, and its row. */
  insert(
    log: number,
    offset: number,
    firstLine: number,
    raw: Uint8Array,
  ): { row: number; lines: number } {
    const lines = countLineEnds(raw);
    const { lastInsertRowid } = this.#insert.run(
      log,
      offset,
      raw.length,
      firstLine,
      lines,
      compressChunk(raw),
    );
    return { row: Number(lastInsertRowid), lines };
  }

  /** Gives a chunk other bytes, from the same offset on. */
  rewrite(row: number, raw: Uint8Array): { row: number; lines: number } {
    const lines = countLineEnds(raw);
    this.#update.run(raw.length, lines, compressChunk(raw), row);
    return { row, lines };
  }

  /** Takes away the bytes from `from` to `to`, and splits the chunks that hold more than those. */
  removeSpan(log: number, from: number, to: number): void {
    const first = this.#straddling(log, from);
    const last = this.#straddling(log, to);
    this.removeChunks(log, from, to);
    if (first !== undefined) {
      this.rewrite(first.chunk.row, first.raw.subarray(0, from - first.chunk.offset));
    }
    if (last !== undefined) {
      const { chunk, raw } = last;
      const removed = raw.subarray(0, to - chunk.offset);
      this.insert(log, to, chunk.firstLine + countLineEnds(removed), raw.subarray(removed.length));
    }
  }

  /** Takes away the chunks that start from `from` on and before `to`. */
  removeChunks(log: number, from: number, to: number): void {
    this.#delete.run(log, from, to);
  }

  /** The chunk that has bytes on both sides of `offset`. */
  #straddling(log: number, offset: number): { chunk: Chunk; raw: Uint8Array } | undefined {
    const chunk = this.#rows.startingBefore(log, offset);
    if (chunk === undefined || endOf(chunk) <= offset) return undefined;
    const data = this.#rows.data(log, chunk);
    return data && { chunk, raw: decompress(data) };
  }

  putCut(log: number, { from, to, lines }: Cut): void {
    this.#putCut.run(log, from, to, lines);
  }

  dropCut(log: number): void {
    this.#dropCut.run(log);
  }

  putFinished(log: number, record: FinishRecord): void {
    const { bytes, ranges, lines, sha256, isToPack } = record;
    this.#putFinished.run(log, bytes, JSON.stringify(ranges), lines, sha256, Number(isToPack));
  }

  setPacked(log: number): void {
    this.#setPacked.run(log);
  }

  /** Drops what is known of a log besides its chunks. */
  forget(log: number): void {
    this.#dropCut.run(log);
    this.#dropFinished.run(log);
  }
}
