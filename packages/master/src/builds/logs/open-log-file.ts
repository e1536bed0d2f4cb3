import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LogEdits } from './log-edits.ts';
import { LogRows, logTables } from './log-rows.ts';

/** One week's log file, opened by its one writer. */
export interface LogFile extends Disposable {
  readonly rows: LogRows;
  readonly edits: LogEdits;
  /** Runs `work` as one transaction; a durable one is on the disk when this returns. */
  transaction<T>(work: () => T, options: { isDurable: boolean }): T;
  /** Ids of finished logs that wait to be packed. */
  toPack(): number[];
  /** Gives some of the file's free pages back to the file system; false when there were none. */
  shrink(): boolean;
}

/** Pages given back at once: some milliseconds of work. */
const pagesPerShrink = 256;

export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: 5_000 });
  // 4,000 pages between checkpoints: log bytes come in bursts, and each checkpoint syncs twice.
  db.exec(`PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 16777216; ${logTables}`);
  const rows = new LogRows(db);
  const toPack = db.prepare('select log_id from finished where to_pack = 1 order by log_id');
  const freePages = db.prepare('PRAGMA freelist_count');
  return {
    rows,
    edits: new LogEdits(db),
    transaction(work, { isDurable }) {
      // In WAL mode a FULL commit syncs the whole journal: all commits before it are safe with it.
      if (isDurable) db.exec('PRAGMA synchronous = FULL');
      try {
        db.exec('BEGIN IMMEDIATE');
        const value = work();
        db.exec('COMMIT');
        return value;
      } finally {
        if (db.isTransaction) db.exec('ROLLBACK');
        if (isDurable) db.exec('PRAGMA synchronous = NORMAL');
      }
    },
    toPack: () => toPack.all().map((row) => Number(row['log_id'])),
    shrink() {
      if (freePages.get()?.['freelist_count'] === 0) {
        // Only a checkpoint makes the files shorter; where a reader is in the way, a later one does.
        db.exec(
          'PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 5000',
        );
        return false;
      }
      db.exec(`PRAGMA incremental_vacuum(${pagesPerShrink})`);
      return true;
    },
    [Symbol.dispose]: () => db.close(),
  };
}
