import { keepsArtifact } from '@weir/model';
import { dropArtifacts, keptArtifacts, objectsInUse } from '../store/artifacts.ts';
import { resolvedObjectsInUse } from '../store/resolved.ts';
import { testObjectsInUse } from '../store/tests.ts';
import type { Dropped, Piece, RetainContext } from './retain.ts';

/** Artifacts of one piece. */
const batch = 200;
/** What was brought a short while ago may be about to be referred to, and what was dropped about to be fetched. */
const graceMs = 24 * 3_600_000;

/** Thins out the artifacts that are old. Their rows stay: builds name them. */
export function thinArtifacts(
  { store, now, rules, artifactsDropped }: RetainContext,
  dropped: Dropped,
): Piece {
  let after = 0;
  return async () => {
    const at = now();
    const { retention } = rules();
    const rows = await keptArtifacts(store.read, { after, limit: batch });
    const gone = rows.filter(
      ({ made_at: madeAt, position }) =>
        !keepsArtifact({ madeAt, position }, { now: at, retention }),
    );
    if (gone.length > 0) {
      const ids = gone.map(({ id }) => id);
      await store.unit((db) => dropArtifacts(db, ids, at));
      await artifactsDropped();
    }
    dropped.artifacts += gone.length;
    after = rows.at(-1)?.id ?? after;
    return rows.length === batch;
  };
}

/** Removes the bytes that no row refers to, one folder a piece, and uploads that nobody goes on with. */
export function sweepObjects({ store, objects, now }: RetainContext): Piece {
  const folders = ['uploads', ...Array.from({ length: 256 }, (_, n) => hex(n))];
  return async () => {
    const folder = folders.shift();
    if (folder === undefined) return false;
    const before = now() - graceMs;
    const names = await objects.untouchedSince(before, folder);
    const artifacts = await objectsInUse(store.read, names, before);
    const tests = await testObjectsInUse(store.read, names);
    const resolved = await resolvedObjectsInUse(store.read, names);
    const used = artifacts.union(tests).union(resolved);
    const unused = names.filter((name) => !used.has(name));
    for (const name of unused) await objects.remove(folder, name);
    return true;
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
