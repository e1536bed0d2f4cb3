import type { ApiFarm } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import type { IndexState } from '../../queue/index-state.ts';
import { isWaiting } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import { labelsAsked } from '../farm-rules.ts';
import { countAble, onlineWorkers } from './builders.ts';
import { readMembers } from './farm.ts';

/** The requests that wait for workers of one kind. */
export interface WaitingPool {
  /** What a worker needs to have; null: of builders that the farm file names no more. */
  readonly labels: readonly string[] | null;
  readonly requests: number;
  /** Since when the oldest of them waits. */
  readonly since: number;
  /** Workers that are there and have these labels. */
  readonly workersOnline: number;
}

export interface QueueView {
  readonly waiting: number;
  /** The most requests first. */
  readonly pools: readonly WaitingPool[];
  /** What Redis says; null: the queue is in the engine's memory. */
  readonly index: IndexState | null;
  /** The requests that Redis has first, as the store has them. */
  readonly first: readonly QueuedRequest[];
  /** Who works on it, of a farm that has several processes; else none. */
  readonly members: ApiFarm['members'];
}

export interface QueuedRequest {
  readonly id: number;
  readonly builder: string;
  readonly state: string;
  readonly createdAt: number;
}

/** What waits, as the store says, and as its index in Redis says. */
export async function readQueue(
  db: Kysely<Database>,
  rules: FarmRules,
  readIndex: (() => Promise<IndexState>) | null,
  now: number,
): Promise<QueueView> {
  const index = readIndex === null ? null : await readIndex();
  const pools = await readPools(db, rules);
  return {
    waiting: pools.reduce((sum, { requests }) => sum + requests, 0),
    pools,
    index,
    first: await readFirst(db, index?.first ?? []),
    members: await readMembers(db, now),
  };
}

async function readPools(db: Kysely<Database>, rules: FarmRules): Promise<WaitingPool[]> {
  const counts = await db
    .selectFrom('request')
    .select((eb) => [
      'builder_id',
      eb.fn.countAll<number>().as('requests'),
      eb.fn.min('created_at').as('since'),
    ])
    .where(isWaiting)
    .groupBy('builder_id')
    .execute();
  if (counts.length === 0) return [];
  const builders = await db
    .selectFrom('builder')
    .select(['id', 'upstream', 'project', 'platform'])
    .where(
      'id',
      'in',
      counts.map((row) => row.builder_id),
    )
    .execute();
  const labelsOf = new Map(builders.map((row) => [row.id, labelsAsked(rules, row) ?? null]));
  const workers = await onlineWorkers(db, rules);
  const byLabels = Map.groupBy(counts, (row) =>
    (labelsOf.get(row.builder_id) ?? null)?.toSorted().join(' '),
  );
  return [...byLabels]
    .map(([key, rows]) => {
      const labels = key === undefined ? null : key.split(' ');
      return {
        labels,
        requests: rows.reduce((sum, { requests }) => sum + requests, 0),
        since: Math.min(...rows.map(({ since }) => since)),
        workersOnline: labels === null ? 0 : countAble(workers, labels),
      };
    })
    .toSorted((a, b) => b.requests - a.requests || a.since - b.since);
}

async function readFirst(db: Kysely<Database>, ids: readonly number[]): Promise<QueuedRequest[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('request')
    .innerJoin('builder', 'builder.id', 'request.builder_id')
    .select(['request.id', 'builder.name as builder', 'request.state', 'request.created_at'])
    .where('request.id', 'in', ids)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    if (row === undefined) return [];
    return [{ id, builder: row.builder, state: row.state, createdAt: row.created_at }];
  });
}
