import type { DatabaseSync } from 'node:sqlite';
import { logTables } from './log-rows.ts';

/** Drops from a log file all logs with higher ids than `newest`. */
export function dropLogsAfter(db: DatabaseSync, newest: number): void {
  // Its writer may just have made the file.
  db.exec(logTables);
  for (const table of ['chunk', 'cut', 'finished']) {
    db.prepare(`delete from ${table} where log_id > ?`).run(newest);
  }
}
