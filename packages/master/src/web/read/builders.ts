import { isQuiet, isStale } from '@weir/model';
import type { ApiBuilder, Tier, Verdict } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import { ownerOf } from '../../schedule/scheduled.ts';
import { openBreakagesOf } from '../../store/breakages.ts';
import type { BuilderRow } from '../../store/builders.ts';
import { builderByName } from '../../store/builders.ts';
import type { RequestRow } from '../../store/requests.ts';
import { isWaiting } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import { labelsAsked } from '../farm-rules.ts';
import { nextScheduled } from './next-scheduled.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, toPage } from './page.ts';
import { pauseOf } from './pause.ts';
import { waitsOf } from './requests.ts';
import { buildSummaries, openSummaries } from './summaries.ts';
import { usualGaps } from './usual-gaps.ts';

export interface BuilderFilter {
  readonly upstream?: string | undefined;
  readonly trunk?: string | undefined;
  readonly project?: string | undefined;
  readonly platform?: string | undefined;
  readonly tier?: Tier | undefined;
  readonly verdict?: Verdict | undefined;
}

/** The builders that the farm file names, in its order. */
export async function listBuilders(
  db: Kysely<Database>,
  rules: FarmRules,
  ask: PageAsk & BuilderFilter,
  now: number,
): Promise<Page<ApiBuilder>> {
  const after = decodeCursor(ask.cursor, ['number']);
  let query = db
    .selectFrom('builder')
    .selectAll()
    .where('active', '=', 1)
    .orderBy('place')
    .limit(ask.limit + 1);
  if (after) query = query.where('place', '>', after[0]);
  for (const column of ['upstream', 'trunk', 'project', 'platform', 'tier', 'verdict'] as const) {
    const wanted = ask[column];
    if (wanted !== undefined) query = query.where(column, '=', wanted);
  }
  const page = toPage(await query.execute(), ask.limit, (row) => [row.place]);
  return { items: await toBuilders(db, rules, page.items, now), next: page.next };
}

/** One builder, also one that the farm file names no more. */
export async function readBuilder(
  db: Kysely<Database>,
  rules: FarmRules,
  name: string,
  now: number,
): Promise<ApiBuilder | undefined> {
  const row = await builderByName(db, name);
  if (row === undefined) return undefined;
  const [builder] = await toBuilders(db, rules, [row], now);
  return builder;
}

async function toBuilders(
  db: Kysely<Database>,
  rules: FarmRules,
  rows: readonly BuilderRow[],
  now: number,
): Promise<ApiBuilder[]> {
  if (rows.length === 0) return [];
  const lastIds = rows.flatMap((row) => row.last_build_id ?? []);
  const last = await buildSummaries(db, lastIds);
  const ids = rows.map((row) => row.id);
  const open = await openSummaries(db, 'builder_id', ids);
  const running = Map.groupBy(open, (build) => build.builder);
  const queues = await queuesOf(db, ids);
  const oldest = [...queues.values()].map((queue) => queue.oldest);
  const waits = await waitsOf(db, rules, oldest, now);
  const breakages = await openBreakagesOf(db, ids);
  const workers = await onlineWorkers(db, rules);
  const gaps = await usualGaps(db, ids);
  const scheduled = await nextScheduled(db, rules, rows);
  return rows.map((row) => {
    const queue = queues.get(row.id);
    const wait = queue && waits.get(queue.oldest.id);
    const lastBuild = last.get(row.last_build_id ?? 0) ?? null;
    const labels = labelsAsked(rules, row) ?? [];
    return {
      name: row.name,
      kind: row.kind,
      upstream: row.upstream,
      trunk: row.trunk,
      project: row.project,
      platform: row.platform,
      tier: row.tier,
      paused: pauseOf(row),
      verdict: row.verdict,
      verdictAt: row.verdict_at,
      breakage: breakages.get(row.id) ?? null,
      usualMs: row.usual_ms,
      workersOnline: countAble(workers, labels),
      stale: isStale(queue?.oldest.created_at ?? null, row.usual_ms, now),
      quiet: isQuiet(lastBuild?.finishedAt ?? null, gaps.get(row.id) ?? null, now),
      lastBuild,
      running: running.get(row.name) ?? [],
      waiting: queue?.length ?? 0,
      nextScheduled: scheduled.get(ownerOf(row)) ?? null,
      oldestWait: wait === undefined ? null : { ...wait, since: queue?.oldest.created_at ?? 0 },
    };
  });
}

/** Workers that are there, by their labels: machines of one kind are one line, however many they are. */
export async function onlineWorkers(
  db: Kysely<Database>,
  { isEngineAlive }: FarmRules,
): Promise<{ labels: ReadonlySet<string>; count: number }[]> {
  if (!isEngineAlive) return [];
  const kinds = await db
    .selectFrom('worker')
    .select(['labels_json', 'granted_json', (eb) => eb.fn.countAll<number>().as('count')])
    .where('state', '=', 'accepted')
    .where('online', '=', 1)
    .groupBy(['labels_json', 'granted_json'])
    .execute();
  return kinds.map(({ labels_json, granted_json, count }) => {
    const labels = JSON.parse(labels_json) as string[];
    return { labels: new Set([...labels, ...(JSON.parse(granted_json) as string[])]), count };
  });
}

/** How many of them have all these labels. */
export function countAble(
  workers: Awaited<ReturnType<typeof onlineWorkers>>,
  labels: readonly string[],
): number {
  const able = workers.filter((kind) => labels.every((label) => kind.labels.has(label)));
  return able.reduce((sum, { count }) => sum + count, 0);
}

interface Queue {
  readonly length: number;
  readonly oldest: RequestRow;
}

/** What waits for each of the builders; nothing where nothing does. */
async function queuesOf(
  db: Kysely<Database>,
  builderIds: readonly number[],
): Promise<Map<number, Queue>> {
  const counts = await db
    .selectFrom('request')
    .select(['builder_id', (eb) => eb.fn.countAll<number>().as('length')])
    .select((eb) => eb.fn.min('id').as('oldest'))
    .where(isWaiting)
    .where('builder_id', 'in', builderIds)
    .groupBy('builder_id')
    .execute();
  if (counts.length === 0) return new Map();
  const rows = await db
    .selectFrom('request')
    .selectAll()
    .where(
      'id',
      'in',
      counts.map((count) => count.oldest),
    )
    .execute();
  const oldest = new Map(rows.map((row) => [row.builder_id, row]));
  return new Map(
    counts.flatMap(({ builder_id, length }) => {
      const row = oldest.get(builder_id);
      return row === undefined ? [] : [[builder_id, { length, oldest: row }] as const];
    }),
  );
}
