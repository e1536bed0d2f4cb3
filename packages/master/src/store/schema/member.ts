import type { Generated } from 'kysely';

/** One process of a farm that has several; a farm of one process has no rows here. */
export interface MemberTable {
  /** Never given to another process. */
  id: Generated<number>;
  role: 'engine' | 'web';
  name: string;
  /** Of the program. */
  version: string;
  started_at: number;
  /** Presence, not an event: written every few seconds. */
  heard_at: number;
  /** 1: the one engine that does what happens once per farm. */
  leads: number;
}
