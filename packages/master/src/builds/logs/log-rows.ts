import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { Range } from '@weir/protocol';
import type { ChunkRows } from './log-parts.ts';

/** Some bytes of a log. Offsets are places in what the step printed. */
export interface Chunk {
  readonly row: number;
  readonly offset: number;
  readonly bytes: number;
  /** Line ends stored before it; they are counted on over a cut. */
  readonly firstLine: number;
  /** Line ends in it. */
  readonly lines: number;
}

/** What the cap took from a log: the bytes from `from` to `to`. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  /** Line ends that were counted before they were cut. */
  readonly lines: number;
}

export interface FinishRecord {
  /** Printed by the step. */
  readonly bytes: number;
  readonly ranges: readonly Range[];
  readonly lines: number;
  readonly sha256: string;
  /** It waits to be packed. */
  readonly isToPack: boolean;
}

export const logTables = `
  create table if not exists chunk (
    log_id integer not null, offset integer not null, bytes integer not null,
    first_line integer not null, lines integer not null, data blob not null);
  create unique index if not exists chunk_by_offset on chunk (log_id, offset);
  create index if not exists chunk_by_line on chunk (log_id, first_line, offset);
  create table if not exists cut (
    log_id integer primary key, start integer not null, end integer not null, lines integer not null);
  create table if not exists finished (
    log_id integer primary key, bytes integer not null, ranges_json text not null,
    lines integer not null, sha256 text not null, to_pack integer not null);
  create index if not exists finished_to_pack on finished (log_id) where to_pack = 1;`;

const columns = 'rowid as row, offset, bytes, first_line as firstLine, lines';

type Row = Record<string, SQLOutputValue>;

/** Reads the rows of one log file. */
export class LogRows implements ChunkRows {
  readonly #upTo: StatementSync;
  readonly #from: StatementSync;
  readonly #before: StatementSync;
  readonly #ofLineEnd: StatementSync;
  readonly #data: StatementSync;
  readonly #cut: StatementSync;
  readonly #finished: StatementSync;

  constructor(db: DatabaseSync) {
    const chunk = (where: string): StatementSync =>
      db.prepare(`select ${columns} from chunk where log_id = ? and ${where} limit 1`);
    this.#upTo = chunk('offset <= ? order by offset desc');
    this.#from = chunk('offset >= ? order by offset');
    this.#before = chunk('offset < ? order by offset desc');
    this.#ofLineEnd = chunk('first_line < ? order by first_line desc, offset desc');
    this.#data = db.prepare('select data from chunk where rowid = ? and log_id = ? and offset = ?');
    this.#cut = db.prepare('select start, end, lines from cut where log_id = ?');
    this.#finished = db.prepare(
      'select bytes, ranges_json, lines, sha256, to_pack from finished where log_id = ?',
    );
  }

  at(log: number, offset: number): Chunk | undefined {
    const chunk = toChunk(this.#upTo.get(log, offset));
    if (chunk !== undefined && endOf(chunk) > offset) return chunk;
    return this.startingFrom(log, offset);
  }

  startingFrom(log: number, offset: number): Chunk | undefined {
    return toChunk(this.#from.get(log, offset));
  }

  startingBefore(log: number, offset: number): Chunk | undefined {
    return toChunk(this.#before.get(log, offset));
  }

  last(log: number): Chunk | undefined {
    return this.startingBefore(log, Number.MAX_SAFE_INTEGER);
  }

  /** The chunk with the log's line end number `n`, counted from 1. */
  withLineEnd(log: number, n: number): Chunk | undefined {
    return toChunk(this.#ofLineEnd.get(log, n));
  }

  /** The compressed bytes of a chunk; undefined when it is gone or was rewritten. */
  data(log: number, chunk: Chunk): Uint8Array | undefined {
    const row = this.#data.get(chunk.row, log, chunk.offset);
    return row?.['data'] instanceof Uint8Array ? row['data'] : undefined;
  }

  cut(log: number): Cut | undefined {
    const row = this.#cut.get(log);
    return row && { from: int(row, 'start'), to: int(row, 'end'), lines: int(row, 'lines') };
  }

  finished(log: number): FinishRecord | undefined {
    const row = this.#finished.get(log);
    return (
      row && {
        bytes: int(row, 'bytes'),
        ranges: JSON.parse(String(row['ranges_json'])) as Range[],
        lines: int(row, 'lines'),
        sha256: String(row['sha256']),
        isToPack: row['to_pack'] === 1,
      }
    );
  }
}

export function endOf(chunk: Chunk): number {
  return chunk.offset + chunk.bytes;
}

function toChunk(row: Row | undefined): Chunk | undefined {
  return (
    row && {
      row: int(row, 'row'),
      offset: int(row, 'offset'),
      bytes: int(row, 'bytes'),
      firstLine: int(row, 'firstLine'),
      lines: int(row, 'lines'),
    }
  );
}

function int(row: Row, column: string): number {
  return Number(row[column]);
}
