import type { Moved } from '@weir/protocol';
import type { Insertable, Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import type { BreakageBuilderTable, BreakageTable, SuspicionTable } from './schema/breakage.ts';

export type BreakageRow = Selectable<BreakageTable>;
export type BreakageBuilderRow = Selectable<BreakageBuilderTable>;
export type SuspicionRow = Selectable<SuspicionTable>;

/** Written out, not bound: only then does SQLite use the index of what is open. */
export const isOpenBreakage = sql<boolean>`breakage.state = 'open'`;
const isOpenMember = sql<boolean>`breakage_builder.closed_at is null`;

export async function insertSuspicion(
  db: Kysely<Database>,
  suspicion: SuspicionRow,
): Promise<void> {
  await db.insertInto('suspicion').values(suspicion).execute();
}

export async function deleteSuspicion(db: Kysely<Database>, builderId: number): Promise<void> {
  await db.deleteFrom('suspicion').where('builder_id', '=', builderId).execute();
}

export function suspicionOf(
  db: Kysely<Database>,
  builderId: number,
): Promise<SuspicionRow | undefined> {
  return db
    .selectFrom('suspicion')
    .selectAll()
    .where('builder_id', '=', builderId)
    .executeTakeFirst();
}

/** How many breakages each builder was part of, of those that are kept. Reads them all. */
export async function breakagesByBuilder(db: Kysely<Database>): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('breakage_builder')
    .select(['builder_id', (each) => each.fn.countAll<number>().as('count')])
    .groupBy('builder_id')
    .execute();
  return new Map(rows.map((row) => [row.builder_id, Number(row.count)]));
}

/** The open breakage's row of a builder. */
export function openMemberOf(
  db: Kysely<Database>,
  builderId: number,
): Promise<BreakageBuilderRow | undefined> {
  return db
    .selectFrom('breakage_builder')
    .selectAll()
    .where('builder_id', '=', builderId)
    .where(isOpenMember)
    .executeTakeFirst();
}

/** The builders that something is held against: suspected, or in an open breakage. */
export async function heldBuilders(db: Kysely<Database>): Promise<string[]> {
  const rows = await db
    .selectFrom('builder')
    .select('name')
    .where((eb) =>
      eb.or([
        eb('id', 'in', eb.selectFrom('suspicion').select('builder_id')),
        eb('id', 'in', eb.selectFrom('breakage_builder').select('builder_id').where(isOpenMember)),
      ]),
    )
    .execute();
  return rows.map(({ name }) => name);
}

/** The open breakage that each of these builders shows, by builder. */
export async function openBreakagesOf(
  db: Kysely<Database>,
  builderIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('breakage_builder')
    .select(['builder_id', 'breakage_id'])
    .where('builder_id', 'in', builderIds)
    .where(isOpenMember)
    .execute();
  return new Map(rows.map((row) => [row.builder_id, row.breakage_id]));
}

/** Open rows of builders that the farm file names no more. */
export function unnamedMembers(
  db: Kysely<Database>,
): Promise<{ breakage_id: number; builder_id: number; builder: string }[]> {
  return db
    .selectFrom('breakage_builder')
    .innerJoin('builder', 'builder.id', 'breakage_builder.builder_id')
    .select(['breakage_id', 'builder_id', 'builder.name as builder'])
    .where(isOpenMember)
    .where('builder.active', '=', 0)
    .execute();
}

export async function deleteUnnamedSuspicions(db: Kysely<Database>): Promise<void> {
  await db
    .deleteFrom('suspicion')
    .where('builder_id', 'in', (eb) =>
      eb.selectFrom('builder').select('id').where('active', '=', 0),
    )
    .execute();
}

export function breakageById(db: Kysely<Database>, id: number): Promise<BreakageRow | undefined> {
  return db.selectFrom('breakage').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Oldest first. */
export function openBreakages(db: Kysely<Database>): Promise<BreakageRow[]> {
  return db
    .selectFrom('breakage')
    .selectAll()
    .where(isOpenBreakage)
    .orderBy(sql`+id`)
    .execute();
}

/** A breakage's builder with what names it. */
export type MemberRow = BreakageBuilderRow & {
  builder: string;
  kind: 'runtime' | 'project';
  upstream: string;
  trunk: string;
  project: string | null;
  platform: string;
};

/** The builders of these breakages, in the farm file's order. */
export function membersOf(
  db: Kysely<Database>,
  breakageIds: readonly number[],
): Promise<MemberRow[]> {
  if (breakageIds.length === 0) return Promise.resolve([]);
  return db
    .selectFrom('breakage_builder')
    .innerJoin('builder', 'builder.id', 'breakage_builder.builder_id')
    .selectAll('breakage_builder')
    .select([
      'builder.name as builder',
      'builder.kind',
      'builder.upstream',
      'builder.trunk',
      'builder.project',
      'builder.platform',
    ])
    .where('breakage_id', 'in', breakageIds)
    .orderBy('builder.place')
    .orderBy('builder.id')
    .execute();
}

/** How many builders show a breakage, or did. */
export async function countMembers(db: Kysely<Database>, breakageId: number): Promise<number> {
  const { count } = await db
    .selectFrom('breakage_builder')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('breakage_id', '=', breakageId)
    .executeTakeFirstOrThrow();
  return count;
}

export async function insertBreakage(
  db: Kysely<Database>,
  breakage: { trunk: string; at: number },
): Promise<number> {
  const { id } = await db
    .insertInto('breakage')
    .values({
      state: 'open',
      trunk: breakage.trunk,
      moved: 'neither',
      title: '',
      opened_at: breakage.at,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Sets what follows from all who show the breakage. */
export async function describeBreakage(
  db: Kysely<Database>,
  id: number,
  facts: { title: string; moved: Moved; project: string | null },
): Promise<void> {
  await db.updateTable('breakage').set(facts).where('id', '=', id).execute();
}

/** Adds a builder; one that showed the breakage before, and was green since, shows it anew. */
export async function putMember(
  db: Kysely<Database>,
  member: Insertable<BreakageBuilderTable>,
): Promise<void> {
  await db
    .insertInto('breakage_builder')
    .values(member)
    .onConflict((conflict) =>
      conflict
        .columns(['breakage_id', 'builder_id'])
        .doUpdateSet({ ...member, closed_at: null, fixed_build_id: null }),
    )
    .execute();
}

/** The breakage is over on one builder; `build` is the green one, null when the builder is gone. */
export async function closeMember(
  db: Kysely<Database>,
  member: { breakage_id: number; builder_id: number },
  end: { build: number | null; at: number },
): Promise<void> {
  await db
    .updateTable('breakage_builder')
    .set({ closed_at: end.at, fixed_build_id: end.build })
    .where('breakage_id', '=', member.breakage_id)
    .where('builder_id', '=', member.builder_id)
    .execute();
}

/** Closes a breakage that shows on no builder any more. False when it still shows, or was closed before. */
export async function closeIfOver(db: Kysely<Database>, id: number, at: number): Promise<boolean> {
  const closed = await db
    .updateTable('breakage')
    .set({ state: 'closed', closed_at: at })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('breakage_builder')
            .select('builder_id')
            .whereRef('breakage_builder.breakage_id', '=', 'breakage.id')
            .where(isOpenMember),
        ),
      ),
    )
    .executeTakeFirst();
  return closed.numUpdatedRows > 0n;
}

/** Says who is on a breakage and until when. False when it is not open. */
export async function setAcknowledgement(
  db: Kysely<Database>,
  id: number,
  { by, at, until, reason }: { by: string; at: number; until: number; reason: string },
): Promise<boolean> {
  const set = await db
    .updateTable('breakage')
    .set({
      acknowledged_by: by,
      acknowledged_at: at,
      acknowledged_until: until,
      acknowledged_reason: reason,
    })
    .where('id', '=', id)
    .where('state', '=', 'open')
    .executeTakeFirst();
  return set.numUpdatedRows > 0n;
}
