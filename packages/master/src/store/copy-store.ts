import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CopiedLogs } from '../builds/logs/postgres/copy-logs.ts';
import { objectsPlaceOf } from '../builds/objects/objects-place.ts';
import { openObjects } from '../builds/objects/open-objects.ts';
import { logsFolder, storeFile } from './backup/data-folder.ts';
import type { CopiedTable } from './postgres/copy-tables.ts';
import { openStore } from './store.ts';

export interface CopyStoreOptions {
  /** Of the farm. No master may have its store open. */
  readonly dataDir: string;
  /** Where objects are, see `objectsPlaceOf`: finished logs go there. Null: in the data folder. */
  readonly objectsUrl: string | null;
  /** The address of an empty database. */
  readonly to: string;
  /** Hears what is being copied, often. */
  readonly progress?: (text: string) => void;
}

export interface CopiedStore {
  readonly tables: readonly CopiedTable[];
  /** Texts that held a NUL, which PostgreSQL's can't: U+FFFD stands in its place. */
  readonly changedTexts: number;
  readonly logs: CopiedLogs;
}

/**
 * Copies all facts of a farm from SQLite to PostgreSQL, in one transaction: it is committed only when
 * every table read back has the rows that were read, by count and hash, and all logs are moved. The
 * source stays as it is, but for its schema, which is brought up to date first. Of logs, what was moved
 * before it was interrupted is not moved again.
 *
 * @throws StoreInUseError when a master has either of them open
 * @throws StoreAwayError when there is no such database
 * @throws ObjectsAwayError when logs can't be brought there
 * @throws Error when the database holds anything already, or a table came out differently
 */
export async function copyStore({
  dataDir,
  to,
  objectsUrl,
  progress = () => {},
}: CopyStoreOptions): Promise<CopiedStore> {
  const from = join(dataDir, storeFile);
  const objectsPlace = objectsPlaceOf(objectsUrl, dataDir);
  if (!existsSync(from)) {
    throw new Error(`there is no store ${from}: name the data folder by --data DIR`);
  }
  await using source = await openStore(from);
  // Makes the tables, and keeps every master away meanwhile.
  await using _target = await openStore(to);
  const { copyTables } = await import('./postgres/copy-tables.ts');
  const { copyLogs } = await import('../builds/logs/postgres/copy-logs.ts');
  const { objects } = await openObjects(objectsPlace);
  let logs: CopiedLogs | undefined;
  const copied = await copyTables(source.read, to, {
    progress,
    async beforeCommit() {
      logs = await copyLogs({
        source: source.read,
        dir: join(dataDir, logsFolder),
        url: to,
        objects,
        uploadsDir: join(objectsPlace.dir, 'uploads'),
        progress,
      });
    },
  });
  if (logs === undefined) throw new Error('the logs were not moved');
  return { ...copied, logs };
}
