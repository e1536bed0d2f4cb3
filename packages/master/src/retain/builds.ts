import { expiryOf } from '@weir/model';
import { agingBuilds, deleteBuilds, logsOfBuilds, markLogsDropped } from '../store/retention.ts';
import type { Dropped, Piece, RetainContext } from './retain.ts';

/** Builds looked at in one piece. */
const batch = 50;

/** Walks the old builds by their ids: of some the logs go, others go whole. */
export function dropBuilds({ store, logs, now, rules }: RetainContext, dropped: Dropped): Piece {
  let after = 0;
  return async () => {
    const at = now();
    const { retention } = rules();
    const before = at - Math.min(retention.buildsMs, retention.logsMs);
    const range = { after, before, now: at, limit: batch };
    const { next, builds } = await agingBuilds(store.read, range);
    if (next === undefined) return false;
    after = next;
    const expiry = Map.groupBy(builds, (build) => expiryOf(build, { now: at, retention }));
    const gone = expiry.get('drop') ?? [];
    const silent = (expiry.get('drop-logs') ?? []).map(({ id }) => id);
    const addresses = await logsOfBuilds(store.read, [...gone.map(({ id }) => id), ...silent]);
    // The bytes first: a row that says that they are gone would not find them again.
    await Promise.all(addresses.map((address) => logs.drop(address)));
    if (addresses.length > 0 && silent.length > 0) {
      await store.unit((db) => markLogsDropped(db, silent, at));
    }
    if (gone.length > 0) await store.unit((db) => deleteBuilds(db, gone));
    dropped.logs += addresses.length;
    dropped.builds += gone.length;
    return true;
  };
}
