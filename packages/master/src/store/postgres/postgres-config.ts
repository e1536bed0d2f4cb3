import type { ClientConfig } from 'pg';
import { valueTypes } from './value-types.ts';

/** Of a connection: the server's default may be to wait for ever. */
const connectTimeoutMs = 5_000;
/** A server whose machine died says nothing; else a connection that only listens would learn it in hours. */
const idleBeforeProbesMs = 10_000;

/** What all connections to the store have in common. */
export function clientConfig(url: string): ClientConfig {
  return {
    connectionString: url,
    types: valueTypes,
    application_name: 'weir',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: idleBeforeProbesMs,
  };
}

/** Names of the advisory locks, which are numbers; of one database, and so of one farm. */
export const locks = {
  /** Held by each unit: shared by guarded ones, alone by all others. */
  unit: 8_010_001,
  /** Held by a writer as long as its session lives: alone, or shared by those that share the store. */
  engine: 8_010_002,
  migration: 8_010_003,
  /** Held by the engine that leads, as long as its session for that lives. */
  leader: 8_010_005,
  /** Held while a partition of the logs is made or dropped. */
  logDays: 8_010_004,
} as const;
