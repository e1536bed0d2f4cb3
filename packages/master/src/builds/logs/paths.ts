import { join } from 'node:path';

/** The SQLite file of one week. `file` is a name that `logFileOf` made. */
export function logFilePath(dir: string, file: string): string {
  if (!/^\d{4}-w\d\d$/.test(file)) throw new TypeError(`${file} is no name of a log file`);
  return join(dir, `${file}.sqlite`);
}

/** The object that holds one finished log, spread over 256 folders. */
export function packedPath(dir: string, log: number): string {
  const folder = (log & 0xff).toString(16).padStart(2, '0');
  return join(dir, 'packed', folder, `${log}.zst`);
}
