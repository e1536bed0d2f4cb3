import type { Generated } from 'kysely';

/** The event log: one row for each change of state, written in the unit that made it. */
export interface EventTable {
  /** Gap-free and in commit order: SQLite gives the greatest rowid plus one, and there is one writer. */
  number: Generated<number>;
  at: number;
  /** NOUN.VERB */
  kind: string;
  /** Who did it: `engine`, `admin`, `worker:NAME`. */
  actor: string;
  /** What it was done to: `build/7`, `worker/w1`. */
  subject: string;
  data_json: string;
}

/** How far each reader of the event log has come. */
export interface ReaderTable {
  name: string;
  cursor: number;
  /** Events that it could not handle, however often it tried; the last of them, and when it gave up. */
  passed_over: Generated<number>;
  passed_event: number | null;
  passed_at: number | null;
}
