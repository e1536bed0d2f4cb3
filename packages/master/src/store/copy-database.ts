import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

/** Pages between two looks at the progress: some milliseconds of work. */
const pagesPerStep = 1_000;

export interface CopyDatabaseOptions {
  /** Done to the copy before it is checked and gets its name. */
  readonly edit?: (copy: DatabaseSync) => void;
  /** Hears how far it is, from 0 to 1. */
  readonly progress?: (share: number) => void;
}

/**
 * Copies an open SQLite database, as it is at one moment, into a file that needs no journal beside
 * it. Others may write to the database meanwhile, this connection may not. The file has its name
 * only when all of it is sound and on the disk.
 *
 * @throws Error when `path` exists, the disk is full, or the copy is damaged; nothing is left then
 */
export async function copyDatabase(
  source: DatabaseSync,
  path: string,
  { edit, progress }: CopyDatabaseOptions = {},
): Promise<void> {
  if (existsSync(path)) throw new Error(`${path} exists already`);
  const unfinished = `${path}.part`;
  try {
    await copyPages(source, unfinished, progress);
    finish(unfinished, edit);
    await sync(unfinished);
    await rename(unfinished, path);
    await sync(dirname(path));
  } catch (error) {
    await Promise.all(
      ['', '-journal', '-wal', '-shm'].map((end) => rm(`${unfinished}${end}`, { force: true })),
    );
    throw error;
  }
}

async function copyPages(
  source: DatabaseSync,
  path: string,
  progress: CopyDatabaseOptions['progress'],
): Promise<void> {
  await rm(path, { force: true });
  // One moment for all steps: SQLite would begin anew whenever somebody else writes in between.
  source.exec('BEGIN');
  try {
    source.prepare('select count(*) from sqlite_master').get();
    await backup(source, path, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) => progress?.(1 - remainingPages / totalPages),
    });
  } finally {
    source.exec('ROLLBACK');
  }
}

function finish(path: string, edit: CopyDatabaseOptions['edit']): void {
  const copy = new DatabaseSync(path);
  try {
    copy.exec('PRAGMA journal_mode = DELETE');
    edit?.(copy);
    const [row] = copy.prepare('PRAGMA quick_check(1)').all();
    const found = String(row?.['quick_check']);
    if (found !== 'ok') throw new Error(`the copy is damaged: ${found}`);
  } finally {
    copy.close();
  }
}

/** Brings a file or a folder's entries to the disk. */
export async function sync(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}
