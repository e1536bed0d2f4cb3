import type { Artifact, Trust } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { ArtifactTable } from './schema/runtime.ts';

export type ArtifactRow = Selectable<ArtifactTable>;

/** Writes down what a build made; once, however often it is told. */
export async function insertArtifact(
  db: Kysely<Database>,
  artifact: Artifact,
  from: {
    builderId: number;
    commit: string;
    position: number;
    buildId: number;
    workerId: number;
    trust: Trust;
    at: number;
  },
): Promise<void> {
  await db
    .insertInto('artifact')
    .values({
      sha256: artifact.sha256,
      bytes: artifact.bytes,
      unpacked_bytes: artifact.unpackedBytes,
      files: artifact.files,
      builder_id: from.builderId,
      commit_hash: from.commit,
      position: from.position,
      build_id: from.buildId,
      worker_id: from.workerId,
      trust: from.trust,
      made_at: from.at,
    })
    .onConflict((conflict) => conflict.column('build_id').doNothing())
    .execute();
}

/** Those that can be fetched: not dropped, of builds that ended well. Oldest first. */
function fetchable(db: Kysely<Database>) {
  return db
    .selectFrom('artifact')
    .innerJoin('build', 'build.id', 'artifact.build_id')
    .where('artifact.dropped_at', 'is', null)
    .where('build.result', 'in', ['success', 'warnings'])
    .selectAll('artifact')
    .orderBy('artifact.id');
}

export function fetchableArtifacts(db: Kysely<Database>): Promise<ArtifactRow[]> {
  return fetchable(db).execute();
}

/** Of one runtime. */
export function artifactsOf(
  db: Kysely<Database>,
  builderId: number,
  commit: string,
): Promise<ArtifactRow[]> {
  return fetchable(db)
    .where('artifact.builder_id', '=', builderId)
    .where('artifact.commit_hash', '=', commit)
    .execute();
}

/** Of all builders' runtimes at these commits. */
export function artifactsOfCommits(
  db: Kysely<Database>,
  commits: readonly string[],
): Promise<ArtifactRow[]> {
  if (commits.length === 0) return Promise.resolve([]);
  return fetchable(db).where('artifact.commit_hash', 'in', commits).execute();
}

/** Those that are not dropped and are this object. */
export function artifactsOfObject(db: Kysely<Database>, sha256: string): Promise<ArtifactRow[]> {
  return db
    .selectFrom('artifact')
    .selectAll()
    .where('sha256', '=', sha256)
    .where('dropped_at', 'is', null)
    .execute();
}

/** A page of the artifacts that are not dropped, by id. */
export function keptArtifacts(
  db: Kysely<Database>,
  { after, limit }: { after: number; limit: number },
): Promise<ArtifactRow[]> {
  return db
    .selectFrom('artifact')
    .selectAll()
    .where('id', '>', after)
    .where('dropped_at', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function dropArtifacts(
  db: Kysely<Database>,
  ids: readonly number[],
  at: number,
): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('artifact').set({ dropped_at: at }).where('id', 'in', ids).execute();
}

/** Which of these objects an artifact is that is not dropped, or was dropped after a time. */
export async function objectsInUse(
  db: Kysely<Database>,
  hashes: readonly string[],
  since: number,
): Promise<Set<string>> {
  if (hashes.length === 0) return new Set();
  const rows = await db
    .selectFrom('artifact')
    .select('sha256')
    .where('sha256', 'in', hashes)
    .where((where) => where.or([where('dropped_at', 'is', null), where('dropped_at', '>', since)]))
    .execute();
  return new Set(rows.map(({ sha256 }) => sha256));
}
