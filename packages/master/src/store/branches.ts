import type { Revision } from '@weir/model';
import type { BranchState } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { BranchTable } from './schema/change.ts';

export type BranchRow = Selectable<BranchTable>;

/** What a branch is, and where it is followed. */
export type BranchPlace = Pick<BranchRow, 'name' | 'kind' | 'repository' | 'ref'>;

export function branchByName(db: Kysely<Database>, name: string): Promise<BranchRow | undefined> {
  return db.selectFrom('branch').selectAll().where('name', '=', name).executeTakeFirst();
}

/** Those of these branches that there are. */
export async function branchesByName(
  db: Kysely<Database>,
  names: readonly string[],
): Promise<BranchRow[]> {
  if (names.length === 0) return [];
  return db.selectFrom('branch').selectAll().where('name', 'in', names).execute();
}

export async function insertBranch(
  db: Kysely<Database>,
  { name, kind, repository, ref }: BranchPlace,
): Promise<void> {
  const place = { name, kind, repository, ref };
  const cursor = { position: 0, scheduled_position: 0 };
  await db
    .insertInto('branch')
    .values({ ...place, ...cursor, state: 'new', active: 1 })
    .execute();
}

export async function deactivateBranches(db: Kysely<Database>): Promise<void> {
  await db.updateTable('branch').set({ active: 0 }).where('active', '=', 1).execute();
}

/** Follows a branch again from where it was left. */
export async function activateBranch(db: Kysely<Database>, id: number): Promise<void> {
  await db.updateTable('branch').set({ active: 1 }).where('id', '=', id).execute();
}

/** Follows a branch at another place: its cursor is unset, its positions count on. */
export async function restartBranch(
  db: Kysely<Database>,
  id: number,
  { kind, repository, ref }: BranchPlace,
): Promise<void> {
  await db
    .updateTable('branch')
    .set({
      kind,
      repository,
      ref,
      state: 'new',
      head: null,
      error: null,
      polled_at: null,
      rewritten_at: null,
      active: 1,
    })
    .where('id', '=', id)
    .execute();
}

/**
 * Writes what a branch looked like when it was asked. The state before that; undefined, with nothing
 * written, when the branch is followed at another place meanwhile.
 */
export async function setBranchState(
  db: Kysely<Database>,
  { name, repository, ref }: Omit<BranchPlace, 'kind'>,
  seen: { state: BranchState; error: string | null; at: number },
): Promise<BranchState | undefined> {
  const before = await branchByName(db, name);
  if (before?.repository !== repository || before.ref !== ref) return undefined;
  await db
    .updateTable('branch')
    .set({ state: seen.state, error: seen.error, polled_at: seen.at })
    .where('id', '=', before.id)
    .where('repository', '=', repository)
    .where('ref', '=', ref)
    .execute();
  return before.state;
}

/**
 * Moves a branch's cursor on, to where it was found just now. Undefined when it is not where the
 * caller saw it: another poll was there first, or the farm file moved it.
 */
export function moveCursor(
  db: Kysely<Database>,
  branch: BranchRow,
  to: { head: string | null; position: number; rewrittenAt: number | null; at: number },
): Promise<BranchRow | undefined> {
  return db
    .updateTable('branch')
    .set({
      head: to.head,
      position: to.position,
      rewritten_at: to.rewrittenAt,
      state: 'following',
      error: null,
      polled_at: to.at,
    })
    .where('id', '=', branch.id)
    .where('position', '=', branch.position)
    .where('repository', '=', branch.repository)
    .where('ref', '=', branch.ref)
    .returningAll()
    .executeTakeFirst();
}

/** The newest known change of each branch: of all, or of these. */
export async function headsOf(
  db: Kysely<Database>,
  branches?: readonly string[],
): Promise<Map<string, Revision>> {
  const rows = await db
    .selectFrom('branch')
    .innerJoin('change', (join) =>
      join
        .onRef('change.branch_id', '=', 'branch.id')
        .onRef('change.position', '=', 'branch.position'),
    )
    .select(['branch.name', 'change.commit_hash', 'change.position'])
    .where('branch.active', '=', 1)
    .$if(branches !== undefined, (query) => query.where('branch.name', 'in', branches ?? []))
    .execute();
  return new Map(
    rows.map((row) => [row.name, { commit: row.commit_hash, position: row.position }]),
  );
}
