import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { MemberTable } from './schema/member.ts';

export type MemberRow = Selectable<MemberTable>;
export type MemberRole = MemberTable['role'];

/** A member that was not heard of for so long is dead: it says something every few seconds. */
export const deadAfterMs = 20_000;

/** A process takes part from now on; its id. */
export async function insertMember(
  db: Kysely<Database>,
  member: { role: MemberRole; name: string; version: string; at: number },
): Promise<number> {
  const { role, name, version, at } = member;
  const row = await db
    .insertInto('member')
    .values({ role, name, version, started_at: at, heard_at: at, leads: 0 })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** It is still there. False when it counted as dead meanwhile, and has no row any more. */
export async function setMemberHeard(
  db: Kysely<Database>,
  id: number,
  at: number,
): Promise<boolean> {
  const heard = await db
    .updateTable('member')
    .set({ heard_at: at })
    .where('id', '=', id)
    .executeTakeFirst();
  return heard.numUpdatedRows > 0n;
}

/** One that was taken for dead is there all the same. */
export async function restoreMember(
  db: Kysely<Database>,
  member: Omit<MemberRow, 'leads'>,
): Promise<void> {
  await db
    .insertInto('member')
    .values({ ...member, leads: 0 })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

export async function deleteMember(db: Kysely<Database>, id: number): Promise<void> {
  await db.deleteFrom('member').where('id', '=', id).execute();
}

/** Drops those that were not heard of since then. */
export function deleteSilentMembers(db: Kysely<Database>, since: number): Promise<MemberRow[]> {
  return db.deleteFrom('member').where('heard_at', '<', since).returningAll().execute();
}

/** From now on this one leads, and no other. */
export async function setLeader(db: Kysely<Database>, id: number): Promise<void> {
  await db
    .updateTable('member')
    .set((eb) => ({ leads: eb.case().when('id', '=', id).then(1).else(0).end() }))
    .execute();
}

/** All members, those that are dead and not dropped yet included; in the order in which they began. */
export function allMembers(db: Kysely<Database>): Promise<MemberRow[]> {
  return db.selectFrom('member').selectAll().orderBy('id').execute();
}

/** The engines that are alive. */
export async function livingEngines(db: Kysely<Database>, now: number): Promise<number[]> {
  const rows = await db
    .selectFrom('member')
    .select('id')
    .where('role', '=', 'engine')
    .where('heard_at', '>=', now - deadAfterMs)
    .execute();
  return rows.map(({ id }) => id);
}
