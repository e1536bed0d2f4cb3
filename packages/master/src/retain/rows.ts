import {
  deleteBuildlessRequests,
  deleteInvitations,
  deleteNotices,
  dropOldEvents,
} from '../store/retention.ts';
import type { Dropped, Piece, RetainContext } from './retain.ts';

/** Rows of one piece. */
const batch = 200;

/** Requests that ended without a build, such as those that a newer one covered. */
export function dropRequests({ store, now, rules }: RetainContext, dropped: Dropped): Piece {
  let after = 0;
  return async () => {
    const at = now();
    const before = at - rules().retention.buildsMs;
    const range = { after, before, now: at, limit: batch };
    const { next, deleted } = await store.unit((db) => deleteBuildlessRequests(db, range));
    dropped.requests += deleted;
    after = next ?? after;
    return next !== undefined;
  };
}

/** Notices that were told, and invitations that are over. */
export function dropNotices({ store, now, rules }: RetainContext, dropped: Dropped): Piece {
  return async () => {
    const before = now() - rules().retention.noticesMs;
    const count = await store.unit(async (db) => {
      await deleteInvitations(db, before);
      return deleteNotices(db, { before, limit: batch });
    });
    dropped.notices += count;
    return count === batch;
  };
}

export function dropEvents({ store, now, rules }: RetainContext, dropped: Dropped): Piece {
  return async () => {
    const before = now() - rules().eventRetentionMs;
    const count = await store.unit((db) => dropOldEvents(db, { before, limit: batch }));
    dropped.events += count;
    return count === batch;
  };
}
