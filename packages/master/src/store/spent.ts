import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';
import { getSetting, putSetting } from './settings.ts';

const prefix = 'spent/';

/**
 * Uses up what is good once and until a time, in milliseconds UTC. Runs in a unit; false when it was
 * used before. What could not be used any more anyhow is forgotten.
 */
export async function spend(
  db: Kysely<Database>,
  what: string,
  { until, at }: { until: number; at: number },
): Promise<boolean> {
  await db
    .deleteFrom('setting')
    .where('name', 'like', `${prefix}%`)
    .where('value', '<', timeText(at))
    .execute();
  const name = prefix + createHash('sha256').update(what).digest('hex');
  if ((await getSetting(db, name)) !== undefined) return false;
  await putSetting(db, name, timeText(until));
  return true;
}

/** In the order of the times. */
function timeText(at: number): string {
  return String(at).padStart(16, '0');
}
