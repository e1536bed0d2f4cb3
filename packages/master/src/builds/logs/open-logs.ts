import type { Kysely } from 'kysely';
import type { Database } from '../../store/schema.ts';
import { isPostgres } from '../../store/store.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { ObjectsPlace } from '../objects/objects-place.ts';
import { LogFiles } from './log-files.ts';
import type { LogWriter, LogWriterOptions } from './log-writer.ts';
import { openLogWriter, startLogWriter } from './log-writer.ts';
import { LogReader } from './reader.ts';

/** Where the logs of a farm are; plain data, to be given to threads. */
export interface LogsPlace {
  /** As `openStore` takes it: with a file, logs are files; on a server, they are with the facts. */
  readonly store: string;
  /** Folder of the log files. */
  readonly dir: string;
  /** Where finished logs go when the store is on a server. */
  readonly objectsPlace: ObjectsPlace;
}

/** Starts the log writer thread. The store has its schema. @throws Error when it can't write there */
export function openLogSink(place: LogsPlace, options: LogWriterOptions = {}): Promise<LogWriter> {
  if (!isPostgres(place.store)) return openLogWriter(place.dir, options);
  const thread = new URL('./postgres/postgres-writer-thread.ts', import.meta.url);
  return startLogWriter(thread, place, options);
}

/** @param from what reads the store and the objects */
export async function openLogReader(
  { store, dir }: LogsPlace,
  from: { readonly db: Kysely<Database>; readonly objects: Pick<ObjectStore, 'read'> },
): Promise<LogReader> {
  const files = new LogFiles(dir);
  if (!isPostgres(store)) return new LogReader(files);
  // Loaded when asked for: a farm on one machine starts without it.
  const { PostgresLogs } = await import('./postgres/postgres-logs.ts');
  return new LogReader(new PostgresLogs(from.db, { objects: from.objects, former: files }));
}

/**
 * Has `grew` called with the logs that any engine wrote, and the bytes stored. Where there is only one
 * engine it tells so itself.
 */
export async function hearLogGrowth(
  { store }: Pick<LogsPlace, 'store'>,
  grew: (logs: ReadonlyMap<number, number>) => void,
): Promise<AsyncDisposable> {
  if (!isPostgres(store)) return { [Symbol.asyncDispose]: async () => {} };
  const { hearGrowth } = await import('./postgres/growth.ts');
  return hearGrowth(store, grew);
}
