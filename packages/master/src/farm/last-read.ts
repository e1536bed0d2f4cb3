import { createHash } from 'node:crypto';
import type { FarmFiles } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Database } from '../store/schema.ts';
import { getSetting, putSetting } from '../store/settings.ts';
import { wholeText } from './farm-files.ts';

const setting = 'farm-file-read';

/** Tells what was read from one place apart from all else that was. */
export function digestOf(place: string, files: FarmFiles): string {
  return createHash('sha256')
    .update(`${place}\n${wholeText(files)}`)
    .digest('hex');
}

/** Of what was put in force last from the master's own farm file. */
export function lastRead(db: Kysely<Database>): Promise<string | undefined> {
  return getSetting(db, setting);
}

export function rememberRead(db: Kysely<Database>, digest: string): Promise<void> {
  return putSetting(db, setting, digest);
}
