import type { ExpressionBuilder, Kysely } from 'kysely';
import { sql } from 'kysely';
import type { BuildRow } from './builds.ts';
import { isOpen } from './builds.ts';
import type { Database } from './schema.ts';

/** A build that was taken over, as nobody else can change it any more. */
export interface Taken {
  readonly epoch: number;
  /** Of its journal, that are stored. */
  readonly entries: number;
}

/**
 * A session takes an open build over: from now on only the new epoch may write, and the build is
 * within reach. Undefined when it has ended, the old epoch is not in force, or its worker is with
 * another engine by now.
 */
export async function raiseEpoch(
  db: Kysely<Database>,
  id: number,
  from: { epoch: number; boot: string; leaseUntil: number; engine: number | null },
): Promise<Taken | undefined> {
  return db
    .updateTable('build')
    .set({
      epoch: from.epoch + 1,
      boot: from.boot,
      state: 'running',
      lease_until: from.leaseUntil,
      detached_at: null,
      detached_ms: 0,
    })
    .where('id', '=', id)
    .where('epoch', '=', from.epoch)
    .where('state', '!=', 'finished')
    .where(isWith(from.engine))
    .returning(['epoch', 'journal_n as entries'])
    .executeTakeFirst();
}

/** As `raiseEpoch`, for what is left of a build that is lost already: its result stays. */
export async function takeLate(
  db: Kysely<Database>,
  id: number,
  { epoch, engine }: { epoch: number; engine: number | null },
): Promise<Taken | undefined> {
  return db
    .updateTable('build')
    .set({ epoch: epoch + 1 })
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .where('result', '=', 'lost')
    .where('late_json', 'is', null)
    .where(isWith(engine))
    .returning(['epoch', 'journal_n as entries'])
    .executeTakeFirst();
}

/** Whether this engine, null in a farm of one process, has the session of the build's worker. */
function isWith(engine: number | null) {
  return (eb: ExpressionBuilder<Database, 'build'>) =>
    eb.exists(
      eb
        .selectFrom('worker')
        .select('worker.id')
        .whereRef('worker.id', '=', 'build.worker_id')
        .where('worker.engine', 'is not distinct from', engine),
    );
}

/**
 * Renews, in one statement for each epoch, the leases of builds whose workers were heard from. The
 * detached among them are within reach again.
 */
export async function renewLeases(
  db: Kysely<Database>,
  builds: readonly { readonly id: number; readonly epoch: number }[],
  until: number,
): Promise<void> {
  for (const [epoch, of] of Map.groupBy(builds, (build) => build.epoch)) {
    await db
      .updateTable('build')
      .set({ lease_until: until, state: 'running', detached_at: null, detached_ms: 0 })
      .where(
        'id',
        'in',
        of.map(({ id }) => id),
      )
      .where('epoch', '=', epoch)
      .where('state', '!=', 'finished')
      .execute();
  }
}

/** An engine that starts gives the builds of the one before it a whole lease: their workers need time to come back. */
export async function renewAllLeases(db: Kysely<Database>, until: number): Promise<void> {
  await db
    .updateTable('build')
    .set({ lease_until: until })
    .where(isOpen)
    .where('state', '=', 'running')
    .execute();
}

/** Open builds whose lease has run out, the detached ones included. */
export function expiredBuilds(db: Kysely<Database>, now: number): Promise<BuildRow[]> {
  return db
    .selectFrom('build')
    .selectAll()
    .where(isOpen)
    .where((eb) => eb.or([eb('lease_until', '<', now), eb('state', '=', 'detached')]))
    .orderBy(sql`+id`)
    .execute();
}

/** False when it was heard of meanwhile, or has ended. */
export async function detachBuild(
  db: Kysely<Database>,
  id: number,
  { epoch, at }: { epoch: number; at: number },
): Promise<boolean> {
  const detached = await db
    .updateTable('build')
    .set({ state: 'detached', detached_at: at, detached_ms: 0 })
    .where('id', '=', id)
    .where('epoch', '=', epoch)
    .where('state', '=', 'running')
    .where('lease_until', '<', at)
    .executeTakeFirst();
  return detached.numUpdatedRows > 0n;
}

/** An engine has waited so many milliseconds more for the detached builds. */
export async function waitForDetached(db: Kysely<Database>, ms: number): Promise<void> {
  await db
    .updateTable('build')
    .set((eb) => ({ detached_ms: eb('detached_ms', '+', ms) }))
    // Written out, not bound: the partial index serves nothing else.
    .where(sql<boolean>`state = 'detached'`)
    .execute();
}
