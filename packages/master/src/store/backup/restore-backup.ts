import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import { sync } from '../copy-database.ts';
import { migrate, programNumber, StoreTooNewError } from '../migrate.ts';
import type { Database } from '../schema.ts';
import { toSqliteDatabase } from '../sqlite.ts';
import { storeFile } from './data-folder.ts';
import type { BackupFile, BackupManifest } from './manifest.ts';
import { BadBackupError, readManifest, readSums, sha256Of } from './manifest.ts';
import { renumber } from './renumber.ts';

export interface RestoreBackupOptions {
  /** The folder of the backup. */
  readonly backup: string;
  /** Where the farm is to be: a folder that is empty or not there yet. */
  readonly dataDir: string;
  /** Hears what is being copied, often. */
  readonly progress?: (text: string) => void;
}

/**
 * Makes a data folder of a backup, for a master to be started on. The store comes last: without it
 * there is no farm in the folder.
 *
 * @throws BadBackupError when it is no backup or any file of it is damaged; the folder is empty then
 * @throws StoreTooNewError when this program is too old for it
 * @throws Error when the folder is not empty, or the disk is full
 */
export async function restoreBackup(options: RestoreBackupOptions): Promise<BackupManifest> {
  const { progress = () => {} } = options;
  const [backup, dataDir] = [resolve(options.backup), resolve(options.dataDir)];
  const manifest = await readManifest(backup);
  if (manifest.oldestProgram > programNumber) {
    throw new StoreTooNewError(
      `the backup is of schema ${manifest.schema}, this program knows ${programNumber}: run a newer weir`,
    );
  }
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if ((await entriesOf(dataDir)).length > 0) {
    throw new Error(
      `${dataDir} is not empty: stop the farm in it and move it away, or name another folder by --data`,
    );
  }
  try {
    await copyFiles({ backup, dataDir, files: manifest.files, progress });
    const store = join(dataDir, `${storeFile}.part`);
    await makeNewest(store, manifest.takenAt);
    await sync(store);
    await rename(store, join(dataDir, storeFile));
    await sync(dataDir);
  } catch (error) {
    for (const entry of await entriesOf(dataDir)) {
      await rm(join(dataDir, entry), { recursive: true });
    }
    throw error;
  }
  return manifest;
}

/** Brings the store to this program's schema, and its numbers above all that were given out since. */
async function makeNewest(path: string, takenAt: number): Promise<void> {
  using database = new DatabaseSync(path);
  const db = new Kysely<Database>({
    dialect: new SqliteDialect({ database: toSqliteDatabase(database) }),
  });
  await migrate(db, database, { copiesDir: null });
  renumber(database, { takenAt, at: Date.now() });
}

/** All but what a disk of its own begins with. */
async function entriesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name !== 'lost+found');
}

interface Copying {
  readonly backup: string;
  readonly dataDir: string;
  /** How many there are. */
  readonly files: number;
  readonly progress: (text: string) => void;
}

/** Copies all of them, and checks what arrived. @throws BadBackupError at the first that is damaged */
async function copyFiles({ backup, dataDir, files, progress }: Copying): Promise<void> {
  let copied = 0;
  for await (const file of readSums(backup)) {
    const { path } = file;
    const target = join(dataDir, path === storeFile ? `${path}.part` : path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await copyChecked(join(backup, path), target, file);
    copied += 1;
    progress(`file ${copied} of ${files}`);
  }
  if (copied !== files) throw new BadBackupError(`${backup} lists ${copied} files, not ${files}`);
}

async function copyChecked(from: string, to: string, { path, sha256 }: BackupFile): Promise<void> {
  try {
    await copyFile(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new BadBackupError(`the backup lacks ${path}`, { cause: error });
  }
  if ((await sha256Of(to)) !== sha256) {
    throw new BadBackupError(`${path} of the backup is damaged: its SHA-256 is another one`);
  }
  await sync(to);
}
