import { existsSync, readFileSync } from 'node:fs';
import type { Log } from '../log.ts';
import { getSetting, putSetting } from '../store/settings.ts';
import type { Store } from '../store/store.ts';
import type { FarmKey } from './farm-key.ts';
import { farmKeyOf, makeFarmKey } from './farm-key.ts';

const setting = 'farm-key';

/**
 * The farm's key where several processes have it: in the database. A farm that had it in its data
 * folder goes on with that.
 *
 * @param path of the data folder's
 */
export async function sharedFarmKey(store: Store, path: string, log: Log): Promise<FarmKey> {
  const own = existsSync(path) ? readFileSync(path, 'utf8') : null;
  const kept = await store.unit(async (db) => {
    const known = await getSetting(db, setting);
    if (known !== undefined) return known;
    const key = own ?? makeFarmKey();
    await putSetting(db, setting, key);
    return key;
  });
  if (own !== null && own.trim() !== kept.trim()) {
    log.warn(`${path} is not the farm's key, which is in the database: it is not used`);
  }
  return farmKeyOf(kept);
}

/** Null before the farm's first engine has started. */
export async function knownFarmKey(store: Pick<Store, 'read'>): Promise<FarmKey | null> {
  const kept = await getSetting(store.read, setting);
  return kept === undefined ? null : farmKeyOf(kept);
}
