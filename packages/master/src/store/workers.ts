import type { Quarantine } from '@weir/model';
import type { EnrolmentState } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import type { WorkerTable } from './schema/worker.ts';

export type WorkerRow = Selectable<WorkerTable>;

/** How long it takes no builds for what is held against it; null when it does not rest. */
export function quarantineOf(
  row: Pick<WorkerRow, 'quarantined_until' | 'quarantine_reason'>,
): Quarantine | null {
  const { quarantined_until: until, quarantine_reason: reason } = row;
  return until === null ? null : { until, reason: reason ?? '' };
}

export function workerByName(db: Kysely<Database>, name: string): Promise<WorkerRow | undefined> {
  return db.selectFrom('worker').selectAll().where('name', '=', name).executeTakeFirst();
}

export function workerById(db: Kysely<Database>, id: number): Promise<WorkerRow | undefined> {
  return db.selectFrom('worker').selectAll().where('id', '=', id).executeTakeFirst();
}

export function acceptedWorkers(db: Kysely<Database>): Promise<WorkerRow[]> {
  return db
    .selectFrom('worker')
    .selectAll()
    .where('state', '=', 'accepted')
    .orderBy('id')
    .execute();
}

/** The addresses that those who wait to be accepted asked from, one each. */
export async function pendingFrom(db: Kysely<Database>): Promise<(string | null)[]> {
  const rows = await db
    .selectFrom('worker')
    .select('asked_from')
    .where('state', '=', 'pending')
    .execute();
  return rows.map(({ asked_from }) => asked_from);
}

/** Deletes those who have waited to be accepted since before then; their names. */
export async function deletePendingBefore(db: Kysely<Database>, before: number): Promise<string[]> {
  const rows = await db
    .deleteFrom('worker')
    .where('state', '=', 'pending')
    .where('asked_at', '<', before)
    .returning('name')
    .execute();
  return rows.map(({ name }) => name);
}

export async function insertPending(
  db: Kysely<Database>,
  worker: {
    name: string;
    key: string;
    fingerprint: string;
    owner: string;
    agent: string;
    address: string | null;
    at: number;
  },
): Promise<void> {
  await db
    .insertInto('worker')
    .values({
      name: worker.name,
      key: worker.key,
      fingerprint: worker.fingerprint,
      state: 'pending',
      owner: worker.owner,
      trust: 'normal',
      labels_json: '[]',
      granted_json: '[]',
      slots: 0,
      agent: worker.agent,
      facts_json: '{}',
      online: 0,
      asked_at: worker.at,
      asked_from: worker.address,
      disk_full: 0,
    })
    .execute();
}

/** Moves a worker on from one of the given states. False when it was in none of them. */
export async function setEnrolment(
  db: Kysely<Database>,
  id: number,
  from: readonly EnrolmentState[],
  to: EnrolmentState,
): Promise<boolean> {
  const moved = await db
    .updateTable('worker')
    .set({ state: to })
    .where('id', '=', id)
    .where('state', 'in', from)
    .executeTakeFirst();
  return moved.numUpdatedRows > 0n;
}

export async function grantLabels(
  db: Kysely<Database>,
  id: number,
  labels: readonly string[],
): Promise<void> {
  await db
    .updateTable('worker')
    .set({ granted_json: JSON.stringify(labels) })
    .where('id', '=', id)
    .execute();
}

/** Why it takes no builds for a while, in its own words; null when it takes them. */
export async function setResting(
  db: Kysely<Database>,
  id: number,
  resting: string | null,
): Promise<void> {
  await db.updateTable('worker').set({ resting }).where('id', '=', id).execute();
}

export async function setDiskFull(db: Kysely<Database>, id: number, full: boolean): Promise<void> {
  await db
    .updateTable('worker')
    .set({ disk_full: full ? 1 : 0 })
    .where('id', '=', id)
    .execute();
}

export async function flagDuplicate(db: Kysely<Database>, id: number, at: number): Promise<void> {
  await db.updateTable('worker').set({ duplicate_at: at }).where('id', '=', id).execute();
}

/** Pauses (with who, when and why) or, with null, resumes. False when it already was so. */
export async function setWorkerPause(
  db: Kysely<Database>,
  id: number,
  pause: { by: string; at: number; reason: string } | null,
): Promise<boolean> {
  const changed = await db
    .updateTable('worker')
    .set({
      paused_by: pause?.by ?? null,
      paused_at: pause?.at ?? null,
      paused_reason: pause?.reason ?? null,
    })
    .where('id', '=', id)
    .where('paused_at', pause === null ? 'is not' : 'is', null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

/** The owner's pause or, with null, its end. False when it already was so. */
export async function setOwnerPause(
  db: Kysely<Database>,
  id: number,
  pause: { at: number; reason: string } | null,
): Promise<boolean> {
  const changed = await db
    .updateTable('worker')
    .set({ owner_paused_at: pause?.at ?? null, owner_paused_reason: pause?.reason ?? null })
    .where('id', '=', id)
    .where('owner_paused_reason', 'is distinct from', pause?.reason ?? null)
    .executeTakeFirst();
  return changed.numUpdatedRows > 0n;
}

/** How far its clock is ahead of the farm's, in milliseconds. */
export async function setClockSkew(db: Kysely<Database>, id: number, ms: number): Promise<void> {
  await db.updateTable('worker').set({ clock_skew_ms: ms }).where('id', '=', id).execute();
}

/** Why the link of a worker was cut off. */
export async function setOffended(
  db: Kysely<Database>,
  id: number,
  { at, text }: { at: number; text: string },
): Promise<void> {
  await db
    .updateTable('worker')
    .set({ refused_at: at, refused_text: text })
    .where('id', '=', id)
    .execute();
}

/** Why the link of who holds this key was refused. */
export async function setRefused(
  db: Kysely<Database>,
  { name, key }: { name: string; key: string },
  { at, text }: { at: number; text: string },
): Promise<void> {
  await db
    .updateTable('worker')
    .set({ refused_at: at, refused_text: text })
    .where('name', '=', name)
    .where('key', '=', key)
    .execute();
}

/** How many workers are in each state that somebody should know of. */
export async function workerStates(
  db: Kysely<Database>,
): Promise<Record<'accepted' | 'online' | 'pending' | 'missing' | 'quarantined', number>> {
  const sumOf = (condition: ReturnType<typeof sql<boolean>>) =>
    sql<number | null>`sum(case when ${condition} then 1 else 0 end)`;
  const isAccepted = sql<boolean>`state = 'accepted'`;
  const counted = await db
    .selectFrom('worker')
    .select([
      sumOf(isAccepted).as('accepted'),
      sumOf(sql`${isAccepted} and online = 1`).as('online'),
      sumOf(sql`state = 'pending'`).as('pending'),
      sumOf(sql`${isAccepted} and missing_at is not null`).as('missing'),
      sumOf(sql`${isAccepted} and quarantined_until is not null`).as('quarantined'),
    ])
    .executeTakeFirstOrThrow();
  const { accepted, online, pending, missing, quarantined } = counted;
  return {
    accepted: accepted ?? 0,
    online: online ?? 0,
    pending: pending ?? 0,
    missing: missing ?? 0,
    quarantined: quarantined ?? 0,
  };
}
