import type { Builder } from '@weir/model';
import type { Verdict } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { Database } from './schema.ts';
import type { BuilderTable } from './schema/farm.ts';

export type BuilderRow = Selectable<BuilderTable>;

/** Makes the rows say what the farm file means. A builder that it names no more keeps its history. */
export async function syncBuilders(
  db: Kysely<Database>,
  builders: readonly Builder[],
): Promise<void> {
  const known = new Map((await activeBuilders(db)).map((row) => [row.name, row]));
  for (const [place, builder] of builders.entries()) {
    const { name, kind, upstream, trunk, project, platform, tier } = builder;
    const row = known.get(name);
    known.delete(name);
    // Most of a large farm is as it was.
    if (row?.tier === tier && row.place === place) continue;
    const identity = { name, kind, upstream, trunk, project, platform };
    await db
      .insertInto('builder')
      .values({ ...identity, tier, place, active: 1, next_number: 1, verdict: 'unknown' })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ tier, place, active: 1 }))
      .execute();
  }
  for (const { id } of known.values()) {
    await db.updateTable('builder').set({ active: 0 }).where('id', '=', id).execute();
  }
}

export function activeBuilders(db: Kysely<Database>): Promise<BuilderRow[]> {
  return db.selectFrom('builder').selectAll().where('active', '=', 1).orderBy('place').execute();
}

export function builderById(db: Kysely<Database>, id: number): Promise<BuilderRow | undefined> {
  return db.selectFrom('builder').selectAll().where('id', '=', id).executeTakeFirst();
}

export function builderByName(db: Kysely<Database>, name: string): Promise<BuilderRow | undefined> {
  return db.selectFrom('builder').selectAll().where('name', '=', name).executeTakeFirst();
}

/** Takes the builder's next build number. */
export async function takeNumber(db: Kysely<Database>, builderId: number): Promise<number> {
  const row = await db
    .updateTable('builder')
    .set((eb) => ({ next_number: eb('next_number', '+', 1) }))
    .where('id', '=', builderId)
    .returning('next_number')
    .executeTakeFirstOrThrow();
  return row.next_number - 1;
}

/** Gives a number back that no build came to use, if none was taken after it. */
export async function returnNumber(
  db: Kysely<Database>,
  builderId: number,
  number: number,
): Promise<void> {
  await db
    .updateTable('builder')
    .set({ next_number: number })
    .where('id', '=', builderId)
    .where('next_number', '=', number + 1)
    .execute();
}

/**
 * The builder of a request, whether the request's commits are older, on the trunk or on the project's
 * branch, than those of the builder's newest green build, and whether something is held against the
 * worker that built it.
 */
export async function builderOfRequest(
  db: Kysely<Database>,
  requestId: number,
  workerId: number,
): Promise<{ builder: BuilderRow; isOlder: boolean; isWorkerStruck: boolean } | undefined> {
  const row = await db
    .selectFrom('request as asked')
    .innerJoin('builder', 'builder.id', 'asked.builder_id')
    .leftJoin('build', 'build.id', 'builder.green_build_id')
    .leftJoin('request as built', 'built.id', 'build.request_id')
    .selectAll('builder')
    .select((eb) => [
      eb
        .or([
          eb('asked.upstream_position', '<', eb.ref('built.upstream_position')),
          eb('asked.project_position', '<', eb.ref('built.project_position')),
        ])
        .as('is_older'),
      eb
        .selectFrom('worker')
        .select('worker.strikes')
        .where('worker.id', '=', workerId)
        .as('strikes'),
    ])
    .where('asked.id', '=', requestId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { is_older: isOlder, strikes, ...builder } = row;
  return { builder, isOlder: Boolean(isOlder), isWorkerStruck: Boolean(strikes) };
}

/** What the head of the column shows after a build ended. */
export interface BuilderHead {
  readonly last_build_id: number;
  readonly verdict: Verdict;
  readonly verdict_at: number | null;
  readonly green_build_id: number | null;
  readonly red_build_id: number | null;
  readonly usual_ms: number | null;
}

export async function setHead(
  db: Kysely<Database>,
  builderId: number,
  head: BuilderHead,
): Promise<void> {
  await db.updateTable('builder').set(head).where('id', '=', builderId).execute();
}

/** Pauses (with who, when and why) or, with null, resumes. False when it already was so. */
export async function setBuilderPause(
  db: Kysely<Database>,
  builderId: number,
  pause: { by: string; at: number; reason: string } | null,
): Promise<boolean> {
  const changed = await db
    .updateTable('builder')
    .set({
      paused_by: pause?.by ?? null,
      paused_at: pause?.at ?? null,
      paused_reason: pause?.reason ?? null,
    })
    .where('id', '=', builderId)
    .where('paused_at', pause === null ? 'is not' : 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}
