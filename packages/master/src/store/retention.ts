import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { LogAddress } from '../builds/log-sink.ts';
import type { Database } from './schema.ts';

/** A finished build with what decides whether it stays. */
export interface AgingBuildRow {
  readonly id: number;
  readonly requestId: number;
  readonly finishedAt: number;
  readonly newer: number;
  readonly isEvidence: boolean;
}

/**
 * Finished builds that began before a time, among the `limit` after the id given. The last id that
 * was looked at; undefined when all that are old were.
 */
export async function agingBuilds(
  db: Kysely<Database>,
  { after, before, now, limit }: { after: number; before: number; now: number; limit: number },
): Promise<{ next: number | undefined; builds: AgingBuildRow[] }> {
  const rows = await db
    .selectFrom('build')
    .innerJoin('builder', 'builder.id', 'build.builder_id')
    .where('build.id', '>', after)
    .orderBy('build.id')
    .limit(limit)
    .select([
      'build.id',
      'build.request_id',
      'build.started_at',
      'build.finished_at',
      'build.number',
      'builder.next_number',
      'builder.last_build_id',
      'builder.green_build_id',
      'builder.red_build_id',
      'builder.accepted_build_id',
    ])
    .execute();
  // Ids follow the time at which builds begin: behind the first young one all are young. One that
  // began while the clock was ahead tells nothing of those behind it.
  const young = rows.findIndex(({ started_at: at }) => at >= before && at <= now);
  const looked = young === -1 ? rows : rows.slice(0, young);
  const old = looked.filter((row) => row.started_at < before);
  const evidence = await evidenceAmong(
    db,
    old.map(({ id }) => id),
  );
  const builds = old.flatMap((row) => {
    if (row.finished_at === null) return [];
    const heads = [row.last_build_id, row.green_build_id, row.red_build_id, row.accepted_build_id];
    return [
      {
        id: row.id,
        requestId: row.request_id,
        finishedAt: row.finished_at,
        newer: row.next_number - 1 - row.number,
        isEvidence: heads.includes(row.id) || evidence.has(row.id),
      },
    ];
  });
  return { next: looked.at(-1)?.id, builds };
}

/** Those of the builds that a suspicion or a breakage goes back to. */
async function evidenceAmong(
  db: Kysely<Database>,
  ids: readonly number[],
): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set();
  const suspicions = await db
    .selectFrom('suspicion')
    .select(['green_build_id', 'red_build_id'])
    .execute();
  const shown = await db
    .selectFrom('breakage_builder')
    .select(['green_build_id', 'red_build_id', 'confirm_build_id', 'fixed_build_id'])
    .where((eb) =>
      eb.or([
        eb('green_build_id', 'in', ids),
        eb('red_build_id', 'in', ids),
        eb('confirm_build_id', 'in', ids),
        eb('fixed_build_id', 'in', ids),
      ]),
    )
    .execute();
  return new Set([...suspicions, ...shown].flatMap((row) => Object.values(row) as number[]));
}

/** Logs of these builds that have not been dropped. */
export function logsOfBuilds(db: Kysely<Database>, ids: readonly number[]): Promise<LogAddress[]> {
  return db
    .selectFrom('log')
    .select(['id', 'file'])
    .where('build_id', 'in', ids)
    .where('dropped_at', 'is', null)
    .execute();
}

/**
 * Writes down that the logs of these builds are gone, and lets go of the lists of their tests and of
 * what their dependencies came to.
 */
export async function markLogsDropped(
  db: Kysely<Database>,
  builds: readonly number[],
  at: number,
): Promise<void> {
  await db
    .updateTable('log')
    .set({ dropped_at: at })
    .where('build_id', 'in', builds)
    .where('dropped_at', 'is', null)
    .execute();
  await db
    .updateTable('step')
    .set({ tests_names: null, tests_results: null })
    .where('build_id', 'in', builds)
    .where('tests_names', 'is not', null)
    .execute();
  await db
    .updateTable('resolved')
    .set({ dropped_at: at })
    .where('build_id', 'in', builds)
    .where('dropped_at', 'is', null)
    .execute();
}

/** Deletes builds with all that is theirs, and the requests that have no other build. Runs in a unit. */
export async function deleteBuilds(
  db: Kysely<Database>,
  builds: readonly { id: number; requestId: number }[],
): Promise<void> {
  const ids = builds.map(({ id }) => id);
  for (const table of ['artifact', 'log', 'resolved', 'step'] as const) {
    await db.deleteFrom(table).where('build_id', 'in', ids).execute();
  }
  await db.deleteFrom('build').where('id', 'in', ids).execute();
  await db
    .deleteFrom('request')
    .where(
      'id',
      'in',
      builds.map(({ requestId }) => requestId),
    )
    .where('state', 'in', ['done', 'cancelled'])
    .where(hasNoBuild)
    .execute();
}

const hasNoBuild = sql<boolean>`not exists (select 1 from build where build.request_id = request.id)`;

/**
 * Deletes old requests that ended without a build, among the `limit` after the id given. The last id
 * that was looked at; undefined when all of them were.
 */
export async function deleteBuildlessRequests(
  db: Kysely<Database>,
  { after, before, now, limit }: { after: number; before: number; now: number; limit: number },
): Promise<{ next: number | undefined; deleted: number }> {
  const rows = await db
    .selectFrom('request')
    .select(['id', 'created_at'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
  const old = rows.filter((row) => row.created_at < before).map(({ id }) => id);
  const deleted = await db
    .deleteFrom('request')
    .where('id', 'in', old)
    .where('finished_at', '<', before)
    .where(hasNoBuild)
    .executeTakeFirst();
  // As with builds: one from the future tells nothing of those behind it.
  const isYoung = rows.some(({ created_at: at }) => at >= before && at <= now);
  const isEnd = rows.length < limit || isYoung;
  return { next: isEnd ? undefined : rows.at(-1)?.id, deleted: Number(deleted.numDeletedRows) };
}

/**
 * Deletes old notices, with their deliveries, that nobody waits for: told or dropped, every delivery
 * ended, and not about a breakage that is open or a worker that is missing or quarantined still. How
 * many.
 */
export async function deleteNotices(
  db: Kysely<Database>,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const { rows } = await sql<{ id: number }>`
    select id from notice
    where created_at < ${before} and state != 'gathering'
      and not exists (select 1 from delivery where notice_id = notice.id and state = 'waiting')
      and not exists (select 1 from worker where 'worker/' || worker.name = notice.about
        and (notice.kind = 'worker-missing' and worker.missing_at is not null
          or notice.kind = 'worker-quarantined' and worker.quarantined_at is not null))
      and not exists (select 1 from breakage
        where 'breakage/' || breakage.id = notice.about and breakage.state = 'open')
    order by id limit ${limit}
  `.execute(db);
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await db.deleteFrom('delivery').where('notice_id', 'in', ids).execute();
  await db.deleteFrom('notice').where('id', 'in', ids).execute();
  return ids.length;
}

/** Deletes invitations that nobody can use any more since long. */
export async function deleteInvitations(db: Kysely<Database>, before: number): Promise<void> {
  await db.deleteFrom('invitation').where('expires_at', '<', before).execute();
}

/**
 * Drops the oldest events, at most `limit`: those before a time that every reader has read. Never
 * the newest: its number is where the next one counts on. How many went.
 */
export async function dropOldEvents(
  db: Kysely<Database>,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const oldest = await db
    .selectFrom('event')
    .select(['number', 'at'])
    .orderBy('number')
    .limit(limit + 1)
    .execute();
  const slowest = await db
    .selectFrom('reader')
    .select((eb) => eb.fn.min('cursor').as('cursor'))
    .executeTakeFirst();
  const readUpTo = slowest?.cursor ?? Infinity;
  // The clock may have gone back: what follows an event that stays, stays too.
  const kept = oldest.findIndex(({ number, at }) => at >= before || number > readUpTo);
  const firstKept = kept === -1 ? oldest.at(-1) : oldest[kept];
  if (firstKept === undefined) return 0;
  const gone = await db
    .deleteFrom('event')
    .where('number', '<', firstKept.number)
    .executeTakeFirst();
  return Number(gone.numDeletedRows);
}
