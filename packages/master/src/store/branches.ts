import type { BranchState } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { BranchTable, Database } from './schema.ts';

export type BranchRow = Selectable<BranchTable>;

export function activeBranches(db: Kysely<Database>): Promise<BranchRow[]> {
  return db.selectFrom('branch').selectAll().where('active', '=', 1).orderBy('id').execute();
}

export function branchByName(db: Kysely<Database>, name: string): Promise<BranchRow | undefined> {
  return db.selectFrom('branch').selectAll().where('name', '=', name).executeTakeFirst();
}

/** What a branch looked like when it was asked just now. */
export async function setBranchState(
  db: Kysely<Database>,
  id: number,
  seen: { state: BranchState; error: string | null; at: number },
): Promise<void> {
  await db
    .updateTable('branch')
    .set({ state: seen.state, error: seen.error, polled_at: seen.at })
    .where('id', '=', id)
    .execute();
}

/** Moves a branch's cursor on. False when it is not where the caller saw it: another poll was there first. */
export async function moveCursor(
  db: Kysely<Database>,
  branch: BranchRow,
  to: { head: string; position: number; rewrittenAt: number | null },
): Promise<boolean> {
  const moved = await db
    .updateTable('branch')
    .set({ head: to.head, position: to.position, rewritten_at: to.rewrittenAt })
    .where('id', '=', branch.id)
    .where('position', '=', branch.position)
    .where('repository', '=', branch.repository)
    .where('ref', '=', branch.ref)
    .executeTakeFirst();
  return moved.numUpdatedRows > 0n;
}
