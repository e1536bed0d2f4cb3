import { runtimeKey } from '@weir/model';
import type { Artifact, ArtifactPolicy } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { ArtifactRow } from '../../store/artifacts.ts';
import { artifactsOf, dropArtifacts, fetchableArtifacts } from '../../store/artifacts.ts';
import type { Database } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import type { ObjectStore } from './object-store.ts';
import { ObjectsAwayError } from './object-store.ts';

/** The artifacts that workers can fetch, by runtime: a copy of the store's. */
export class Artifacts {
  readonly #byRuntime = new Map<string, ArtifactRow[]>();

  async rebuild(db: Kysely<Database>): Promise<void> {
    this.#byRuntime.clear();
    const rows = await fetchableArtifacts(db);
    for (const [key, its] of Map.groupBy(rows, keyOf)) this.#byRuntime.set(key, its);
  }

  /** Something became of one runtime's. */
  async refresh(db: Kysely<Database>, builderId: number, commit: string): Promise<void> {
    const rows = await artifactsOf(db, builderId, commit);
    const key = runtimeKey(builderId, commit);
    if (rows.length > 0) this.#byRuntime.set(key, rows);
    else this.#byRuntime.delete(key);
  }

  /** The newest artifact of a runtime, by its `runtimeKey`, that the policy lets anybody run. */
  of(key: string, policy: ArtifactPolicy): Artifact | undefined {
    const row = newestFor(policy, this.#byRuntime.get(key) ?? []);
    return row && toArtifact(row);
  }
}

/** Which of a runtime's artifacts, oldest first, is run under a policy. */
export function newestFor(
  policy: ArtifactPolicy,
  rows: readonly ArtifactRow[],
): ArtifactRow | undefined {
  if (policy === 'same-worker') return undefined;
  return rows.findLast(({ trust }) => policy === 'any' || trust === 'trusted');
}

function keyOf(row: ArtifactRow): string {
  return runtimeKey(row.builder_id, row.commit_hash);
}

function toArtifact({
  sha256,
  bytes,
  unpacked_bytes: unpackedBytes,
  files,
}: ArtifactRow): Artifact {
  return { sha256, bytes, unpackedBytes, files };
}

/** At start: after a restore from a backup the bytes may not be there. */
export async function dropMissing(context: {
  store: Store;
  objects: ObjectStore;
  now: Clock;
  log: Log;
}): Promise<void> {
  const { store, objects, now, log } = context;
  let ids: number[];
  try {
    ids = await missingOf(await fetchableArtifacts(store.read), objects);
  } catch (error) {
    if (!(error instanceof ObjectsAwayError)) throw error;
    log.warn(`whether all artifacts are there is not known: ${error.message}`);
    return;
  }
  if (ids.length === 0) return;
  await store.unit((db) => dropArtifacts(db, ids, now()));
}

/** So many are asked for at once: far away, each takes some milliseconds. */
const askedAtOnce = 32;

async function missingOf(rows: readonly ArtifactRow[], objects: ObjectStore): Promise<number[]> {
  const missing: number[] = [];
  for (let at = 0; at < rows.length; at += askedAtOnce) {
    const some = rows.slice(at, at + askedAtOnce);
    const sizes = await Promise.all(some.map(({ sha256 }) => objects.bytesOf(sha256)));
    missing.push(...some.filter(({ bytes }, n) => sizes[n] !== bytes).map(({ id }) => id));
  }
  return missing;
}
