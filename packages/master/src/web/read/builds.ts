import type { ApiBuild, ApiBuildSummary, BuildState, Result } from '@weir/protocol';
import type { Kysely, Selectable } from 'kysely';
import type { LogReader } from '../../builds/logs/reader.ts';
import { buildById, isOpen } from '../../store/builds.ts';
import type { Database } from '../../store/schema.ts';
import type { BuildTable } from '../../store/schema/build.ts';
import { artifactOfBuild } from './artifacts.ts';
import { readBuildChanges } from './build-changes.ts';
import type { Page, PageAsk } from './page.ts';
import { decodeCursor, encodeCursor, toPage } from './page.ts';
import { readResolved } from './resolved.ts';
import type { ResolvedSources } from './resolved.ts';
import { readStepsOf } from './steps.ts';
import { buildSummaryList } from './summaries.ts';
import { takenTries } from './taken.ts';

export interface BuildFilter {
  readonly builder?: string | undefined;
  readonly worker?: string | undefined;
  readonly upstream?: string | undefined;
  readonly state?: BuildState | undefined;
  readonly result?: Result | undefined;
}

/** Rows looked at for one page when a filter has no index: the page may then be short, with more after it. */
const maxScanned = 2_000;

/** Builds, newest first. */
export async function listBuilds(
  db: Kysely<Database>,
  ask: PageAsk & BuildFilter,
): Promise<Page<ApiBuildSummary>> {
  const ids = await idsOf(db, ask);
  if (ids === undefined) return { items: [], next: null };
  const after = decodeCursor(ask.cursor, ['number'])?.[0] ?? Number.MAX_SAFE_INTEGER;
  const suits = (row: ScanRow): boolean =>
    (ids.builders === undefined || ids.builders.has(row.builder_id)) &&
    (ids.worker === undefined || ids.worker === row.worker_id) &&
    (ask.state === undefined || ask.state === row.state) &&
    (ask.result === undefined || ask.result === row.result);
  const scanned = await scan(db, ask, ids, after);
  // A builder's builds are read by the index of their numbers, so those are its keys.
  const keyOf = (row: ScanRow) => [ask.builder === undefined ? row.id : row.number];
  const page = toPage(scanned.filter(suits), ask.limit, keyOf);
  const last = scanned.length === maxScanned ? scanned.at(-1) : undefined;
  const items = await buildSummaryList(
    db,
    page.items.map((row) => row.id),
  );
  return { items, next: page.next ?? (last === undefined ? null : encodeCursor(keyOf(last))) };
}

/** The tries at a request, newest first. */
export async function buildsOfRequest(
  db: Kysely<Database>,
  request: number,
): Promise<ApiBuildSummary[]> {
  const query = db.selectFrom('build').select('id').where('request_id', '=', request);
  const rows = await query.orderBy('id', 'desc').execute();
  return buildSummaryList(
    db,
    rows.map((row) => row.id),
  );
}

export async function readBuild(
  sources: ResolvedSources & { readonly logs: LogReader },
  id: number,
): Promise<ApiBuild | undefined> {
  const { db, logs } = sources;
  const row = await buildById(db, id);
  const [summary] = await buildSummaryList(db, [id]);
  if (row === undefined || summary === undefined) return undefined;
  const taken = await takenTries(db, [row.request_id]);
  return {
    ...summary,
    steps: (await readStepsOf(db, logs, [id])).get(id) ?? [],
    artifact: await artifactOfBuild(db, row),
    changes: await readBuildChanges(db, row),
    environment: JSON.parse(row.environment_json) as Record<string, string>,
    resolved: await readResolved(sources, row),
    cancelRequested: row.cancel_reason,
    taken: (taken.get(row.request_id) ?? []).filter(({ build }) => build !== id),
    late: row.late_json === null ? null : (JSON.parse(row.late_json) as ApiBuild['late']),
  };
}

type ScanRow = Pick<
  Selectable<BuildTable>,
  'id' | 'number' | 'builder_id' | 'worker_id' | 'state' | 'result'
>;

/** Rows that may suit, newest first, by the best index there is for the filters. */
async function scan(
  db: Kysely<Database>,
  ask: PageAsk & BuildFilter,
  ids: FilterIds,
  after: number,
): Promise<ScanRow[]> {
  const query = db
    .selectFrom('build')
    .select(['id', 'number', 'builder_id', 'worker_id', 'state', 'result'])
    .limit(isIndexed(ask) ? ask.limit + 1 : maxScanned);
  if (ask.state === 'running' || ask.state === 'detached') {
    // No more than there are slots: read by their own index, sorted here.
    const open = await query.clearLimit().where(isOpen).execute();
    const key = ask.builder === undefined ? 'id' : 'number';
    return open.filter((row) => row[key] < after).toSorted((a, b) => b[key] - a[key]);
  }
  const [builder] = ask.builder === undefined ? [] : (ids.builders ?? []);
  if (builder !== undefined) {
    const own = query.where('builder_id', '=', builder).where('number', '<', after);
    return own.orderBy('number', 'desc').execute();
  }
  if (ids.worker !== undefined) {
    const own = query.where('worker_id', '=', ids.worker).where('id', '<', after);
    return own.orderBy('id', 'desc').execute();
  }
  return query.where('id', '<', after).orderBy('id', 'desc').execute();
}

function isIndexed({ builder, worker, upstream, state, result }: BuildFilter): boolean {
  const named = [builder, worker].filter((name) => name !== undefined);
  return named.length < 2 && upstream === undefined && state === undefined && result === undefined;
}

interface FilterIds {
  readonly builders?: ReadonlySet<number>;
  readonly worker?: number;
}

/** What the names in the filters are; undefined when one of them names nothing. */
async function idsOf(db: Kysely<Database>, ask: BuildFilter): Promise<FilterIds | undefined> {
  const ids: { builders?: Set<number>; worker?: number } = {};
  if (ask.builder !== undefined || ask.upstream !== undefined) {
    const rows = await db
      .selectFrom('builder')
      .select('id')
      .$if(ask.builder !== undefined, (query) => query.where('name', '=', ask.builder ?? ''))
      .$if(ask.upstream !== undefined, (query) => query.where('upstream', '=', ask.upstream ?? ''))
      .execute();
    if (rows.length === 0) return undefined;
    ids.builders = new Set(rows.map((row) => row.id));
  }
  if (ask.worker !== undefined) {
    const query = db.selectFrom('worker').select('id').where('name', '=', ask.worker);
    const row = await query.executeTakeFirst();
    if (row === undefined) return undefined;
    ids.worker = row.id;
  }
  return ids;
}
