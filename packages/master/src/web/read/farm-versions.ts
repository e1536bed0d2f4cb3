import type { ApiFarmVersion, ApiFarmVersionWithFiles, PlanSummary } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmVersionRow } from '../../store/farm-versions.ts';
import {
  farmVersionById,
  filesOfVersion,
  newestFarmVersion,
  sourceOfVersion,
} from '../../store/farm-versions.ts';
import type { Database } from '../../store/schema.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';

/** The farm files that are or were in force, newest first. */
export async function listFarmVersions(
  db: Kysely<Database>,
  ask: PageAsk,
): Promise<Page<ApiFarmVersion>> {
  const after = decodeCursor(ask.cursor, ['number']);
  let query = db
    .selectFrom('farm_version')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(ask.limit + 1);
  if (after) query = query.where('id', '<', after[0]);
  const inForce = await newestFarmVersion(db);
  const { items, next } = toPage(await query.execute(), ask.limit, (row) => [row.id]);
  return { items: items.map((row) => toVersion(row, inForce)), next };
}

/** One of them; its text is not for visitors, since it holds people's addresses. */
export async function readFarmVersion(
  db: Kysely<Database>,
  id: number,
  { isVisitor }: { isVisitor: boolean },
): Promise<ApiFarmVersionWithFiles | undefined> {
  const row = await farmVersionById(db, id);
  if (row === undefined) return undefined;
  const version = toVersion(row, await newestFarmVersion(db));
  return { ...version, files: isVisitor ? null : filesOfVersion(row) };
}

function toVersion(row: FarmVersionRow, inForce: FarmVersionRow | undefined): ApiFarmVersion {
  return {
    id: row.id,
    at: row.applied_at,
    by: row.applied_by,
    reason: row.reason,
    source: sourceOfVersion(row),
    path: row.path,
    isInForce: row.id === inForce?.id,
    summary: JSON.parse(row.summary_json ?? 'null') as PlanSummary | null,
  };
}
