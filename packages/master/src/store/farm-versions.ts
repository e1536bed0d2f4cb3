import type { FarmFiles, PlanSummary, VersionSource } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { FarmVersionTable } from './schema/farm.ts';

export type FarmVersionRow = Selectable<FarmVersionTable>;

export interface NewFarmVersion {
  readonly files: FarmFiles;
  readonly by: string;
  readonly at: number;
  readonly reason: string | null;
  readonly source: VersionSource;
  readonly summary: PlanSummary | null;
}

/** Keeps a version; its number. */
export async function insertFarmVersion(
  db: Kysely<Database>,
  version: NewFarmVersion,
): Promise<number> {
  const { files, by, at, reason, source, summary } = version;
  const row = await db
    .insertInto('farm_version')
    .values({
      text: files.text,
      path: files.path,
      included_json: JSON.stringify(files.included),
      applied_at: at,
      applied_by: by,
      reason,
      source_json: JSON.stringify(source),
      summary_json: summary && JSON.stringify(summary),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** The version in force. */
export function newestFarmVersion(db: Kysely<Database>): Promise<FarmVersionRow | undefined> {
  return db
    .selectFrom('farm_version')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** The number of the version in force, without its text. */
export async function newestFarmVersionId(db: Kysely<Database>): Promise<number | undefined> {
  const row = await db
    .selectFrom('farm_version')
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id;
}

/** The number of the version before this one; 0 when it is the first. */
export async function farmVersionBefore(db: Kysely<Database>, id: number): Promise<number> {
  const row = await db
    .selectFrom('farm_version')
    .select('id')
    .where('id', '<', id)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? 0;
}

export function farmVersionById(
  db: Kysely<Database>,
  id: number,
): Promise<FarmVersionRow | undefined> {
  return db.selectFrom('farm_version').selectAll().where('id', '=', id).executeTakeFirst();
}

/**
 * What was read, file by file. Programs before migration 9 wrote all files as one text: it reads as
 * one file, or not at all.
 */
export function filesOfVersion({ path, text, included_json }: FarmVersionRow): FarmFiles {
  return { path, text, included: JSON.parse(included_json ?? '[]') as FarmFiles['included'] };
}

export function sourceOfVersion({ source_json }: FarmVersionRow): VersionSource {
  return source_json === null ? { kind: 'file' } : (JSON.parse(source_json) as VersionSource);
}
