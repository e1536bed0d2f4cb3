import { runtimeKey } from '@weir/model';
import type { Artifact, ArtifactPolicy } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { Clock } from '../../clock.ts';
import type { ArtifactRow } from '../../store/artifacts.ts';
import { artifactsOf, dropArtifacts, fetchableArtifacts } from '../../store/artifacts.ts';
import type { Database } from '../../store/schema.ts';
import type { Store } from '../../store/store.ts';
import type { ObjectFiles } from './object-files.ts';

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
  objects: ObjectFiles;
  now: Clock;
}): Promise<void> {
  const { store, objects, now } = context;
  const rows = await fetchableArtifacts(store.read);
  const missing = rows.filter(({ sha256, bytes }) => objects.bytesOf(sha256) !== bytes);
  if (missing.length === 0) return;
  const ids = missing.map(({ id }) => id);
  await store.unit((db) => dropArtifacts(db, ids, now()));
}
