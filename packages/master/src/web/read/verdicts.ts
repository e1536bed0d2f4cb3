import { isQuiet, isStale } from '@weir/model';
import type { MatrixBuilder } from '@weir/model/layout';
import type { ApiBuilder, Result } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import { openBreakagesOf } from '../../store/breakages.ts';
import type { BuilderRow } from '../../store/builders.ts';
import { isOpen } from '../../store/builds.ts';
import { isWaiting } from '../../store/requests.ts';
import type { Database } from '../../store/schema.ts';
import { labelsAsked } from '../farm-rules.ts';
import { countAble, onlineWorkers } from './builders.ts';
import { pauseOf } from './pause.ts';
import { usualGaps } from './usual-gaps.ts';

/** A builder's verdict, and where to look for why it is so. */
export interface VerdictView
  extends MatrixBuilder, Pick<ApiBuilder, 'workersOnline' | 'paused' | 'quiet'> {
  /** The open breakage that it shows. */
  readonly breakage: number | null;
  /** Where it turned red, or was green last, or failed once more without ever having been green. */
  readonly build: number | null;
  readonly isBuilding: boolean;
  /** Of its last build, which may say nothing about the code; null when there was none. */
  readonly lastResult: Result | null;
}

/** An engine takes no query with any number of values. */
const most = 1_000;

/** The verdicts of the builders with these names, in the order of the names, for as many as there are. */
export async function readVerdicts(
  db: Kysely<Database>,
  rules: FarmRules,
  names: readonly string[],
  now: number,
): Promise<VerdictView[]> {
  const workers = await onlineWorkers(db, rules);
  const open = await db.selectFrom('build').select('builder_id').where(isOpen).execute();
  const building = new Set(open.map((build) => build.builder_id));
  const counts = new Map<string, number>();
  const able = (row: BuilderRow): number => {
    const labels = labelsAsked(rules, row);
    if (labels === undefined) return 0;
    // Few lists of labels stand for any number of builders.
    const key = labels.join(' ');
    const count = counts.get(key) ?? countAble(workers, labels);
    counts.set(key, count);
    return count;
  };
  const views: VerdictView[] = [];
  for (let from = 0; from < names.length; from += most) {
    const rows = await rowsOf(db, names.slice(from, from + most));
    views.push(...(await viewsOf(db, rows, { building, able, now })));
  }
  return views;
}

/** The names of the builders that are red. */
export async function redBuilders(db: Kysely<Database>): Promise<Set<string>> {
  const rows = await db
    .selectFrom('builder')
    .select('name')
    .where('active', '=', 1)
    .where('verdict', '=', 'red')
    .execute();
  return new Set(rows.map(({ name }) => name));
}

async function rowsOf(db: Kysely<Database>, names: readonly string[]): Promise<BuilderRow[]> {
  const rows = await db
    .selectFrom('builder')
    .selectAll()
    .where('name', 'in', names)
    .where('active', '=', 1)
    .execute();
  const byName = new Map(rows.map((row) => [row.name, row]));
  return names.flatMap((name) => byName.get(name) ?? []);
}

async function viewsOf(
  db: Kysely<Database>,
  rows: readonly BuilderRow[],
  farm: {
    building: ReadonlySet<number>;
    able: (row: BuilderRow) => number;
    now: number;
  },
): Promise<VerdictView[]> {
  if (rows.length === 0) return [];
  const { building, able, now } = farm;
  const ids = rows.map(({ id }) => id);
  const breakages = await openBreakagesOf(db, ids);
  const waiting = await waitingSince(db, ids);
  const gaps = await usualGaps(db, ids);
  const lasts = await lastBuilds(db, rows);
  return rows.map((row) => {
    const { id, name, upstream, trunk, project, platform, verdict, usual_ms: usualMs } = row;
    const last = lasts.get(row.last_build_id ?? 0);
    return {
      name,
      upstream,
      trunk,
      project,
      platform,
      verdict,
      verdictAt: row.verdict_at,
      stale: isStale(waiting.get(id) ?? null, usualMs, now),
      quiet: isQuiet(last?.finishedAt ?? null, gaps.get(id) ?? null, now),
      paused: pauseOf(row),
      workersOnline: able(row),
      breakage: breakages.get(id) ?? null,
      build: buildBehind(row, last),
      isBuilding: building.has(id),
      lastResult: last?.result ?? null,
    };
  });
}

interface LastBuild {
  readonly id: number;
  readonly result: Result | null;
  readonly finishedAt: number | null;
}

function buildBehind(row: BuilderRow, last: LastBuild | undefined): number | null {
  switch (row.verdict) {
    case 'green':
      return row.green_build_id;
    case 'red':
      return row.red_build_id;
    case 'never green':
      return last?.result === 'failure' ? last.id : null;
    case 'unknown':
      return null;
  }
}

/** Since when the oldest request of each of the builders waits; nothing where none does. */
async function waitingSince(
  db: Kysely<Database>,
  builderIds: readonly number[],
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('request')
    .select(['builder_id', (eb) => eb.fn.min('created_at').as('since')])
    .where(isWaiting)
    .where('builder_id', 'in', builderIds)
    .groupBy('builder_id')
    .execute();
  return new Map(rows.map(({ builder_id, since }) => [builder_id, since]));
}

async function lastBuilds(
  db: Kysely<Database>,
  rows: readonly BuilderRow[],
): Promise<Map<number, LastBuild>> {
  const ids = rows.flatMap((row) => row.last_build_id ?? []);
  if (ids.length === 0) return new Map();
  const builds = await db
    .selectFrom('build')
    .select(['id', 'result', 'finished_at as finishedAt'])
    .where('id', 'in', ids)
    .execute();
  return new Map(builds.map((build) => [build.id, build]));
}
