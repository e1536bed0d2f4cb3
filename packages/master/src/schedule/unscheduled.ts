import type { Kysely, Selectable } from 'kysely';
import type { Database } from '../store/schema.ts';
import type { BranchTable, ChangeTable } from '../store/schema/change.ts';

export interface UnscheduledRow {
  readonly position: number;
  readonly seenAt: number;
}

/** So many changes are looked at in one go; what is newer is covered by the next. */
const maxChanges = 2_000;

/** The changes of a branch that no request was written for yet, oldest first. */
export async function unscheduledChanges(
  db: Kysely<Database>,
  branch: string,
): Promise<UnscheduledRow[]> {
  const row = await branchInForce(db, branch);
  if (row === undefined) return [];
  const changes = await changesAfter(db, row);
  return changes.map(({ position, seen_at: seenAt }) => ({ position, seenAt }));
}

export function branchInForce(
  db: Kysely<Database>,
  name: string,
): Promise<Selectable<BranchTable> | undefined> {
  return db
    .selectFrom('branch')
    .selectAll()
    .where('name', '=', name)
    .where('active', '=', 1)
    .executeTakeFirst();
}

export function changesAfter(
  db: Kysely<Database>,
  branch: { id: number; scheduled_position: number },
): Promise<Selectable<ChangeTable>[]> {
  return db
    .selectFrom('change')
    .selectAll()
    .where('branch_id', '=', branch.id)
    .where('position', '>', branch.scheduled_position)
    .orderBy('position')
    .limit(maxChanges)
    .execute();
}
