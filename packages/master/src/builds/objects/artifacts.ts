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
  #byRuntime = new Map<string, ArtifactRow[]>();
  #read: Promise<void> = Promise.resolve();

  rebuild(db: Kysely<Database>): Promise<void> {
    return this.#inTurn(async () => {
      this.#byRuntime = Map.groupBy(await fetchableArtifacts(db), keyOf);
    });
  }

  /** Something became of one runtime's. */
  refresh(db: Kysely<Database>, builderId: number, commit: string): Promise<void> {
    return this.#inTurn(async () => {
      const rows = await artifactsOf(db, builderId, commit);
      const key = runtimeKey(builderId, commit);
      if (rows.length > 0) this.#byRuntime.set(key, rows);
      else this.#byRuntime.delete(key);
    });
  }

  /** What was read first is older, also where its answer comes last. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    const done = this.#read.then(read);
    this.#read = done.catch(() => {});
    return done;
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

/**
 * At start: after a restore from a backup the bytes may not be there.
 *
 * @throws Error when none is there, though other engines work with them
 */
export async function dropMissing(context: {
  store: Store;
  objects: ObjectStore;
  /** For people. */
  place: string;
  /** No other engine is alive. */
  isAlone: boolean;
  now: Clock;
  log: Log;
}): Promise<void> {
  const { store, objects, place, isAlone, now, log } = context;
  const rows = await fetchableArtifacts(store.read);
  let ids: number[];
  try {
    ids = await missingOf(rows, objects);
  } catch (error) {
    if (!(error instanceof ObjectsAwayError)) throw error;
    log.warn(`whether all artifacts are there is not known: ${error.message}`);
    return;
  }
  if (ids.length === 0) return;
  if (ids.length === rows.length && !isAlone) {
    throw new Error(
      `none of the farm's artifacts is at ${place}, and other masters work with them: is a disk not mounted? All masters need the same --objects, or $WEIR_OBJECTS_URL; where the artifacts are lost, stop all masters, then start one`,
    );
  }
  const missing = `${ids.length} of ${rows.length} artifacts`;
  log.warn(`${missing} are not at ${place}: runtimes are built again when they are needed`);
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
