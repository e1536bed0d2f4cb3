import type { Kysely } from 'kysely';
import { holdEvents } from './held-events.ts';
import type { Database } from './schema.ts';

export interface NewEvent {
  readonly at: number;
  /** NOUN.VERB */
  readonly kind: string;
  /** `engine`, `admin`, `worker:NAME` */
  readonly actor: string;
  /** `build/7`, `builder/NAME`, `worker/NAME`, `branch/NAME` */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A statement binds at most 32,766 values in SQLite; here five for each event. */
const eventsPerStatement = 1_000;

/** Writes events in the unit that changes what they tell of; their numbers follow the order given. */
export async function recordEvents(
  db: Kysely<Database>,
  events: readonly NewEvent[],
): Promise<void> {
  if (holdEvents(db, events)) return;
  for (let from = 0; from < events.length; from += eventsPerStatement) {
    const some = events.slice(from, from + eventsPerStatement);
    await db.insertInto('event').values(some.map(rowOf)).execute();
  }
}

function rowOf({ at, kind, actor, subject, data }: NewEvent): Omit<EventRow, 'number'> {
  return { at, kind, actor, subject, data_json: JSON.stringify(data) };
}

export interface EventRow {
  readonly number: number;
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly subject: string;
  readonly data_json: string;
}

/** Events after a number, oldest first. */
export function eventsAfter(
  db: Kysely<Database>,
  number: number,
  limit: number,
): Promise<EventRow[]> {
  return db
    .selectFrom('event')
    .selectAll()
    .where('number', '>', number)
    .orderBy('number')
    .limit(limit)
    .execute();
}

/** When the newest event was written; null when there is none. */
export async function newestEventAt(db: Kysely<Database>): Promise<number | null> {
  const row = await db
    .selectFrom('event')
    .select('at')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? null;
}

/** The numbers of the oldest and the newest event kept; 0 when there is none. */
export async function eventBounds(
  db: Kysely<Database>,
): Promise<{ oldest: number; newest: number }> {
  const [oldest, newest] = [
    await db
      .selectFrom('event')
      .select('number')
      .orderBy('number', 'asc')
      .limit(1)
      .executeTakeFirst(),
    await db
      .selectFrom('event')
      .select('number')
      .orderBy('number', 'desc')
      .limit(1)
      .executeTakeFirst(),
  ];
  return { oldest: oldest?.number ?? 0, newest: newest?.number ?? 0 };
}
