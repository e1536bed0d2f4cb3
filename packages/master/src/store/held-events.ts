import type { Kysely } from 'kysely';
import type { NewEvent } from './events.ts';
import type { Database } from './schema.ts';

/** By the connection of the transaction that they belong to. */
const held = new WeakMap<Kysely<Database>, NewEvent[]>();

/**
 * From now on, the events of a transaction on this connection are held back: where transactions run
 * at once, they get their numbers, and are written, as its last statement.
 */
export function beginHolding(db: Kysely<Database>): NewEvent[] {
  const events: NewEvent[] = [];
  held.set(db, events);
  return events;
}

/** False where events are written as they come. */
export function holdEvents(db: Kysely<Database>, events: readonly NewEvent[]): boolean {
  const waiting = held.get(db);
  waiting?.push(...events);
  return waiting !== undefined;
}

/** Whether units run at once on this connection's database. */
export function isHolding(db: Kysely<Database>): boolean {
  return held.has(db);
}
