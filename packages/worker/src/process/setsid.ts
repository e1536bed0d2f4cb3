import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What is said where it is missing. */
export const noSetsidText =
  'there is no setsid on the PATH, by which a step without a sandbox becomes a session: install util-linux';

/** The path of the program that makes a step a session of its own; null when there is none on the PATH. */
export function findSetsid(): string | null {
  const dirs = (process.env['PATH'] ?? '/usr/bin:/bin').split(delimiter);
  return dirs.map((dir) => join(dir, 'setsid')).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
