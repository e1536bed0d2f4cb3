import type { FamilyRun, Strikes } from '@weir/model';
import { isTaken } from '@weir/model';
import type { Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { BuilderRow } from './builders.ts';
import { newestBuilds } from './newest-builds.ts';
import type { Database } from './schema.ts';
import type { WorkerRow } from './workers.ts';

/** So many of the newest builds of each builder say how its family fares. */
const buildsLookedAt = 10;
/** So many of a worker's newest builds are searched for those that infrastructure took. */
const ownBuildsLookedAt = 20;
const takenShown = 3;

/** Written out, not bound: the partial index serves nothing else. */
const isQuarantined = sql<boolean>`quarantined_until is not null`;

export function strikesOf(row: WorkerRow): Strikes {
  return { count: row.strikes, at: row.struck_at, family: row.struck_family };
}

export async function setStrikes(
  db: Kysely<Database>,
  workerId: number,
  { count, at, family }: Strikes,
): Promise<void> {
  await db
    .updateTable('worker')
    .set({ strikes: count, struck_at: at, struck_family: family })
    .where('id', '=', workerId)
    .execute();
}

/** Quarantines a worker, anew or for longer. */
export async function setQuarantine(
  db: Kysely<Database>,
  workerId: number,
  { at, until, reason }: { at: number; until: number; reason: string },
): Promise<void> {
  await db
    .updateTable('worker')
    .set((eb) => ({
      quarantined_at: eb.fn.coalesce('quarantined_at', eb.val(at)),
      quarantined_until: until,
      quarantine_reason: reason,
    }))
    .where('id', '=', workerId)
    .execute();
}

/** Nothing is held against a worker any more. */
export async function forgiveWorker(db: Kysely<Database>, workerId: number): Promise<void> {
  await db
    .updateTable('worker')
    .set({
      strikes: 0,
      struck_at: null,
      struck_family: null,
      quarantined_at: null,
      quarantined_until: null,
      quarantine_reason: null,
    })
    .where('id', '=', workerId)
    .execute();
}

/**
 * Ends the quarantines whose time has come; what is held against those workers stays. Their names,
 * in order.
 */
export async function endQuarantines(db: Kysely<Database>, now: number): Promise<string[]> {
  const ended = await db
    .updateTable('worker')
    .set({ quarantined_until: null })
    .where(isQuarantined)
    .where('quarantined_until', '<=', now)
    .returning('name')
    .execute();
  return ended.map(({ name }) => name).toSorted();
}

/** Lets no quarantine last longer than until then, and no strike lie in the future. */
export async function limitQuarantines(
  db: Kysely<Database>,
  now: number,
  longest: number,
): Promise<void> {
  await db
    .updateTable('worker')
    .set({ quarantined_until: longest })
    .where(isQuarantined)
    .where('quarantined_until', '>', longest)
    .execute();
  await db.updateTable('worker').set({ struck_at: now }).where('struck_at', '>', now).execute();
}

/** Workers that take no builds for what is held against them. */
export function quarantinedWorkers(db: Kysely<Database>): Promise<WorkerRow[]> {
  return db.selectFrom('worker').selectAll().where(isQuarantined).orderBy('id').execute();
}

/** The newest builds of a builder's family that ended, on whichever worker. */
export async function endedOfFamily(
  db: Kysely<Database>,
  { project, upstream }: Pick<BuilderRow, 'project' | 'upstream'>,
): Promise<FamilyRun[]> {
  const family = await db
    .selectFrom('builder')
    .select(['id', 'next_number'])
    .where((eb) =>
      project === null
        ? eb.and([eb('project', 'is', null), eb('upstream', '=', upstream)])
        : eb('project', '=', project),
    )
    .execute();
  const ended = await newestBuilds(db, family, {
    columns: ['worker_id', 'result', 'finished_at'],
    perBuilder: buildsLookedAt,
  });
  return ended.flatMap(({ worker_id: workerId, result, finished_at: at }) =>
    result === null || at === null ? [] : [{ workerId, result, at }],
  );
}

/** Whether a builder came to a result since then. */
export async function hasResultSince(db: Kysely<Database>, at: number): Promise<boolean> {
  const found = await db
    .selectFrom('builder')
    .select('id')
    .where('verdict_at', '>', at)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/** A build that infrastructure took. */
export interface TakenBuild {
  readonly build: number;
  readonly builder: string;
  readonly number: number;
  readonly result: Result;
  readonly text: string;
}

/** The last builds of a worker that infrastructure took, newest first. */
export async function takenBuildsOf(db: Kysely<Database>, workerId: number): Promise<TakenBuild[]> {
  const newest = await db
    .selectFrom('build')
    .select(['id', 'builder_id', 'number', 'result', 'text'])
    .where('worker_id', '=', workerId)
    .orderBy('id', 'desc')
    .limit(ownBuildsLookedAt)
    .execute();
  const taken = newest
    .flatMap((row) =>
      row.result !== null && isTaken(row.result) ? [{ ...row, result: row.result }] : [],
    )
    .slice(0, takenShown);
  if (taken.length === 0) return [];
  const builders = await db
    .selectFrom('builder')
    .select(['id', 'name'])
    .where(
      'id',
      'in',
      taken.map((row) => row.builder_id),
    )
    .execute();
  const names = new Map(builders.map(({ id, name }) => [id, name]));
  return taken.map(({ id, builder_id, number, result, text }) => ({
    build: id,
    builder: names.get(builder_id) ?? '',
    number,
    result,
    text,
  }));
}
