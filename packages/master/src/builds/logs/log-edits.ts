import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { compressChunk, countLineEnds } from './bytes.ts';
import type { ChunkEdits } from './log-parts.ts';
import type { Cut, FinishRecord } from './log-rows.ts';

/** Changes the rows of one log file, within the caller's transaction. */
export class LogEdits implements ChunkEdits {
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #putCut: StatementSync;
  readonly #dropCut: StatementSync;
  readonly #putFinished: StatementSync;
  readonly #setPacked: StatementSync;
  readonly #dropFinished: StatementSync;

  constructor(db: DatabaseSync) {
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

  rewrite(_log: number, row: number, raw: Uint8Array): { row: number; lines: number } {
    const lines = countLineEnds(raw);
    this.#update.run(raw.length, lines, compressChunk(raw), row);
    return { row, lines };
  }

  removeChunks(log: number, from: number, to: number): void {
    this.#delete.run(log, from, to);
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
