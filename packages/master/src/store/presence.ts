import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** What a worker's hello says of it. */
export async function setOnline(
  db: Kysely<Database>,
  id: number,
  hello: {
    at: number;
    /** The member that has its session; absent in a farm of one process. */
    engine?: number | undefined;
    boot: string;
    slots: number;
    agent: string;
    labels: readonly string[];
    sandbox: object;
    facts: Readonly<Record<string, string>>;
    clockSkewMs: number;
    hasArtifacts: boolean;
  },
): Promise<void> {
  await db
    .updateTable('worker')
    .set({
      online: 1,
      engine: hello.engine ?? null,
      absent_ms: 0,
      left_at: null,
      heard_at: hello.at,
      boot: hello.boot,
      slots: hello.slots,
      agent: hello.agent,
      labels_json: JSON.stringify(hello.labels),
      sandbox_json: JSON.stringify(hello.sandbox),
      facts_json: JSON.stringify(hello.facts),
      clock_skew_ms: hello.clockSkewMs,
      has_artifacts: hello.hasArtifacts ? 1 : 0,
    })
    .where('id', '=', id)
    .execute();
}

/** A worker's session has ended. False when another engine has one, or it was written already. */
export async function setOffline(
  db: Kysely<Database>,
  id: number,
  { at, engine = null }: { at: number; engine?: number | null | undefined },
): Promise<boolean> {
  const ended = await db
    .updateTable('worker')
    .set({ online: 0, engine: null, heard_at: at })
    .where('id', '=', id)
    .where('online', '=', 1)
    .where('engine', 'is not distinct from', engine)
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}

/** This engine has a worker's session, though it was taken for dead. False when another one has. */
export async function setOnlineAgain(
  db: Kysely<Database>,
  id: number,
  engine: number,
): Promise<boolean> {
  const restored = await db
    .updateTable('worker')
    .set({ online: 1, engine })
    .where('id', '=', id)
    .where('engine', 'is', null)
    .executeTakeFirst();
  return restored.numUpdatedRows > 0n;
}

/** Those that were connected, as far as is written down, and to which engine. */
export function onlineWorkers(
  db: Kysely<Database>,
): Promise<{ id: number; name: string; engine: number | null }[]> {
  return db.selectFrom('worker').select(['id', 'name', 'engine']).where('online', '=', 1).execute();
}

/** Those that count as connected to an engine that is no member any more. */
export function workersOfNobody(
  db: Kysely<Database>,
): Promise<{ id: number; name: string; engine: number | null }[]> {
  return db
    .selectFrom('worker')
    .select(['id', 'name', 'engine'])
    .where('online', '=', 1)
    .where((eb) =>
      eb.or([
        eb('engine', 'is', null),
        eb('engine', 'not in', eb.selectFrom('member').select('member.id')),
      ]),
    )
    .execute();
}

/**
 * At the start of an engine nobody is connected to it, whatever the last one wrote.
 *
 * @param others engines that run: their workers stay connected
 */
export async function setAllOffline(
  db: Kysely<Database>,
  others: readonly number[] = [],
): Promise<void> {
  let ended = db.updateTable('worker').set({ online: 0, engine: null }).where('online', '=', 1);
  if (others.length > 0) {
    ended = ended.where((eb) => eb.or([eb('engine', 'is', null), eb('engine', 'not in', others)]));
  }
  await ended.execute();
}

export async function setHeard(
  db: Kysely<Database>,
  ids: readonly number[],
  at: number,
): Promise<void> {
  await db.updateTable('worker').set({ heard_at: at }).where('id', 'in', ids).execute();
}

/** Adds to how long those accepted have been away who are. */
export async function addAbsence(db: Kysely<Database>, ms: number): Promise<void> {
  await db
    .updateTable('worker')
    .set((eb) => ({ absent_ms: eb('absent_ms', '+', ms) }))
    .where('state', '=', 'accepted')
    .where('online', '=', 0)
    .execute();
}

export async function setMissing(
  db: Kysely<Database>,
  id: number,
  at: number | null,
): Promise<void> {
  await db.updateTable('worker').set({ missing_at: at }).where('id', '=', id).execute();
}

export async function setLeft(db: Kysely<Database>, id: number, at: number): Promise<void> {
  await db.updateTable('worker').set({ left_at: at }).where('id', '=', id).execute();
}
