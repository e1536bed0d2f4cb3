import { trunkName } from '@weir/model';
import type { ApiArtifact } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { branchByName } from '../../store/branches.ts';
import { builderByName } from '../../store/builders.ts';
import type { Database } from '../../store/schema.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';

export interface ArtifactFilter {
  /** Of this runtime builder. */
  readonly builder?: string | undefined;
  readonly sha256?: string | undefined;
}

/** Artifacts, newest first. */
export async function listArtifacts(
  db: Kysely<Database>,
  { builder, sha256, cursor, limit }: PageAsk & ArtifactFilter,
): Promise<Page<ApiArtifact>> {
  const after = decodeCursor(cursor, ['number']);
  let query = artifactRows(db)
    .orderBy('artifact.id', 'desc')
    .limit(limit + 1);
  if (after) query = query.where('artifact.id', '<', after[0]);
  if (builder !== undefined) query = query.where('builder.name', '=', builder);
  if (sha256 !== undefined) query = query.where('artifact.sha256', '=', sha256);
  return toPage(await query.execute(), limit, (artifact) => [artifact.id]);
}

export function readArtifact(db: Kysely<Database>, id: number): Promise<ApiArtifact | undefined> {
  return artifactRows(db).where('artifact.id', '=', id).executeTakeFirst();
}

/** What a build made; for one that ran with an artifact, that one. */
export async function artifactOfBuild(
  db: Kysely<Database>,
  build: { id: number; runtime_sha256: string | null },
): Promise<ApiArtifact | null> {
  const { id, runtime_sha256: sha256 } = build;
  const query =
    sha256 === null
      ? artifactRows(db).where('artifact.build_id', '=', id)
      : artifactRows(db).where('artifact.sha256', '=', sha256).orderBy('artifact.id', 'desc');
  return (await query.limit(1).executeTakeFirst()) ?? null;
}

/** All that were made of one commit: whether they have one hash says whether the runtime is reproducible. */
export function artifactsOfSameRuntime(
  db: Kysely<Database>,
  { builder, commit }: Pick<ApiArtifact, 'builder' | 'commit'>,
): Promise<ApiArtifact[]> {
  return artifactRows(db)
    .where('builder.name', '=', builder)
    .where('artifact.commit_hash', '=', commit)
    .orderBy('artifact.id', 'desc')
    .limit(50)
    .execute();
}

/** The change that a runtime is of; undefined where its trunk is followed no more. */
export async function changeOfArtifact(
  db: Kysely<Database>,
  { builder, commit }: Pick<ApiArtifact, 'builder' | 'commit'>,
): Promise<number | undefined> {
  const row = await builderByName(db, builder);
  const branch = row && (await branchByName(db, trunkName(row.upstream, row.trunk)));
  if (branch === undefined) return undefined;
  const change = await db
    .selectFrom('change')
    .select('id')
    .where('branch_id', '=', branch.id)
    .where('commit_hash', '=', commit)
    .executeTakeFirst();
  return change?.id;
}

/** So many requests of one commit are looked at. */
const maxRequests = 1_000;

/** The ids of builds that ran with an artifact, newest first, at most so many. */
export async function buildsWithArtifact(
  db: Kysely<Database>,
  { builder, commit, sha256 }: Pick<ApiArtifact, 'builder' | 'commit' | 'sha256'>,
  limit: number,
): Promise<number[]> {
  const maker = await builderByName(db, builder);
  if (maker === undefined) return [];
  const builders = await db
    .selectFrom('builder')
    .select('id')
    .where('upstream', '=', maker.upstream)
    .where('trunk', '=', maker.trunk)
    .where('platform', '=', maker.platform)
    .where('kind', '=', 'project')
    .execute();
  const requests = await db
    .selectFrom('request')
    .select('id')
    .where('builder_id', 'in', idsOf(builders))
    .where('upstream_commit', '=', commit)
    .orderBy(sql`+id`, 'desc')
    .limit(maxRequests)
    .execute();
  if (requests.length === 0) return [];
  const builds = await db
    .selectFrom('build')
    .select('id')
    .where('request_id', 'in', idsOf(requests))
    .where('runtime_sha256', '=', sha256)
    .orderBy(sql`+id`, 'desc')
    .limit(limit)
    .execute();
  return idsOf(builds);
}

function idsOf(rows: readonly { id: number }[]): number[] {
  return rows.map(({ id }) => id);
}

function artifactRows(db: Kysely<Database>) {
  return db
    .selectFrom('artifact')
    .innerJoin('builder', 'builder.id', 'artifact.builder_id')
    .innerJoin('worker', 'worker.id', 'artifact.worker_id')
    .select([
      'artifact.id',
      'artifact.sha256',
      'artifact.bytes',
      'artifact.unpacked_bytes as unpackedBytes',
      'artifact.files',
      'builder.name as builder',
      'artifact.commit_hash as commit',
      'artifact.build_id as build',
      'worker.name as worker',
      'artifact.trust',
      'artifact.made_at as madeAt',
      'artifact.dropped_at as droppedAt',
    ]);
}
