import { keepsArtifact } from '@weir/model';
import { ObjectsAwayError } from '../builds/objects/object-store.ts';
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

/** Removes uploads that nobody goes on with, and then the bytes that no row refers to, by pages. */
export function sweepObjects(context: RetainContext): Piece {
  const { objects, uploads, now, log } = context;
  const before = now() - graceMs;
  let after: string | null = null;
  let hasBegun = false;
  return async () => {
    if (!hasBegun) {
      hasBegun = true;
      await uploads.sweep(before);
      return true;
    }
    try {
      const { hashes, next } = await objects.untouchedSince(before, after);
      for (const sha256 of await unusedOf(context, hashes, before)) await objects.remove(sha256);
      after = next;
    } catch (error) {
      if (!(error instanceof ObjectsAwayError)) throw error;
      log.warn(`the rest of the objects is swept another time: ${error.message}`);
      return false;
    }
    return after !== null;
  };
}

async function unusedOf(
  { store, logReader }: RetainContext,
  hashes: readonly string[],
  before: number,
): Promise<readonly string[]> {
  const artifacts = await objectsInUse(store.read, hashes, before);
  const tests = await testObjectsInUse(store.read, hashes);
  const resolved = await resolvedObjectsInUse(store.read, hashes);
  const logs = await logReader.objectsInUse(hashes);
  const used = artifacts.union(tests).union(resolved).union(logs);
  return hashes.filter((sha256) => !used.has(sha256));
}
