import { DatabaseSync } from 'node:sqlite';

const sqliteBusy = 5;

/** Closed, it lets go of the lock. */
export type FileLock = Pick<DatabaseSync, 'close'>;

/**
 * Holds a lock by a file, made where there is none, for as long as the process lives; the system drops
 * it however the process ends. Null when another process has it.
 *
 * @throws Error when the file can't be made
 */
export function lockFile(path: string): FileLock | null {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    return lock;
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode === sqliteBusy) return null;
    throw error;
  }
}
