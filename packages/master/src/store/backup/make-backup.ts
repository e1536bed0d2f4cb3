import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dropLogsAfter } from '../../builds/logs/drop-logs-after.ts';
import { copyDatabase } from '../copy-database.ts';
import { BackupWriter } from './backup-writer.ts';
import { keyFile, logsFolder, mailsFolder, objectsFolder, storeFile } from './data-folder.ts';
import type { BackupManifest } from './manifest.ts';

export interface MakeBackupOptions {
  readonly dataDir: string;
  /** Where the backup goes: a folder that is empty or not there yet. */
  readonly folder: string;
  /** Hears what is being copied, often. */
  readonly progress?: (text: string) => void;
}

/** What the backup's own copy of the store says. */
interface Facts {
  readonly schema: number;
  readonly oldestProgram: number;
  readonly builds: number;
  readonly logs: number;
  readonly newestLog: number;
  /** Log files by week. */
  readonly logFiles: readonly string[];
}

/**
 * Copies a farm's data folder, whether its master runs or not: by connections of its own, so the
 * engine waits for nothing. Facts come first, logs after them. A log is stored before the fact that
 * it ended, so all logs that the copied facts tell of were there by then; what was written since
 * only goes on with logs that they know, and logs that they don't know are left out. What was
 * packed meanwhile is there as an object, since those come last; what retention dropped meanwhile is
 * due to be dropped in a farm that is restored, too. Artifacts are left out: they are built again.
 *
 * @throws Error when there is no farm, the folder is not empty, or the disk is full: what is there
 *   of the backup then is none without its manifest
 */
export async function makeBackup(options: MakeBackupOptions): Promise<BackupManifest> {
  const { dataDir, progress = () => {} } = options;
  const folder = resolve(options.folder);
  if (!existsSync(join(dataDir, storeFile))) {
    throw new Error(
      `${dataDir} is no data folder with a farm's facts: name it by --data DIR. Where they are on PostgreSQL, set WEIR_DATABASE_URL as for the master`,
    );
  }
  const takenAt = Date.now();
  await using writer = await BackupWriter.begin(folder);
  await copyOpened(join(dataDir, storeFile), writer.pathOf(storeFile), {
    progress: (share) => progress(`store ${percent(share)}`),
  });
  await writer.addWritten([storeFile]);
  const facts = readFacts(writer.pathOf(storeFile));
  for (const file of facts.logFiles) {
    const path = `${logsFolder}/${file}.sqlite`;
    // Retention may have dropped a whole week since.
    if (!existsSync(join(dataDir, path))) continue;
    await mkdir(writer.pathOf(logsFolder), { recursive: true, mode: 0o700 });
    await copyOpened(join(dataDir, path), writer.pathOf(path), {
      edit: (copy) => dropLogsAfter(copy, facts.newestLog),
      progress: (share) => progress(`logs of ${file} ${percent(share)}`),
    });
    await writer.addWritten([path]);
  }
  await copyPacked(writer, dataDir, facts.newestLog, progress);
  const missingObjects = await copyOwnObjects(writer, dataDir, progress);
  const mails = await entriesOf(join(dataDir, mailsFolder));
  await writer.copyAll(dataDir, [
    keyFile,
    ...mails.filter((name) => name.endsWith('.eml')).map((name) => `${mailsFolder}/${name}`),
  ]);
  const { schema, oldestProgram, builds, logs } = facts;
  return await writer.finish({
    takenAt,
    schema,
    oldestProgram,
    builds,
    logs,
    ...(missingObjects > 0 && { missingObjects }),
  });
}

async function copyOpened(
  from: string,
  to: string,
  options: Parameters<typeof copyDatabase>[2],
): Promise<void> {
  using source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 });
  await copyDatabase(source, to, options);
}

function readFacts(path: string): Facts {
  using db = new DatabaseSync(path, { readOnly: true });
  const number = (query: string): number =>
    Number(db.prepare(`select (${query}) as n`).get()?.['n']);
  return {
    schema: number('select max(number) from migration'),
    oldestProgram: number('select max(oldest_program) from migration'),
    builds: number('select count(*) from build'),
    logs: number('select count(*) from log'),
    newestLog: number('select coalesce(max(id), 0) from log'),
    logFiles: db
      .prepare('select distinct file from log order by file')
      .all()
      .map(({ file }) => String(file)),
  };
}

/** Finished logs, one object each, over 256 folders. */
async function copyPacked(
  writer: BackupWriter,
  dataDir: string,
  newestLog: number,
  progress: (text: string) => void,
): Promise<void> {
  const packed = `${logsFolder}/packed`;
  let copied = 0;
  for (const folder of await entriesOf(join(dataDir, packed))) {
    const names = (await entriesOf(join(dataDir, packed, folder))).filter((name) => {
      const [, id] = /^(\d+)\.zst$/.exec(name) ?? [];
      return id !== undefined && Number(id) <= newestLog;
    });
    await writer.copyAll(
      dataDir,
      names.map((name) => `${packed}/${folder}/${name}`),
    );
    copied += names.length;
    if (names.length > 0) progress(`packed logs ${copied}`);
  }
}

/** The farm has the only copy of each. One that has not come, or is elsewhere, is left out: how many. */
async function copyOwnObjects(
  writer: BackupWriter,
  dataDir: string,
  progress: (text: string) => void,
): Promise<number> {
  using db = new DatabaseSync(writer.pathOf(storeFile), { readOnly: true });
  const hashes = db
    .prepare(
      `select tests_names as sha256 from step where tests_names is not null
       union select tests_results from step where tests_results is not null
       union select sha256 from resolved where sha256 is not null and dropped_at is null order by 1`,
    )
    .iterate();
  let listed = 0;
  let missing = 0;
  for (let some = take(hashes); some.length > 0; some = take(hashes)) {
    missing += await writer.copyAll(
      dataDir,
      some.map(({ sha256 }) => `${objectsFolder}/${String(sha256).slice(0, 2)}/${String(sha256)}`),
    );
    listed += some.length;
    progress(`lists of tests, dependencies ${listed}`);
  }
  return missing;
}

const objectsAtOnce = 1_000;

function take<T>(source: Iterator<T>): T[] {
  const taken: T[] = [];
  while (taken.length < objectsAtOnce) {
    const { done, value } = source.next();
    if (done === true) break;
    taken.push(value);
  }
  return taken;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** None when there is no such folder. */
async function entriesOf(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
