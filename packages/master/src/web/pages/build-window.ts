import type { ApiBuildSummary, ApiBuilder } from '@weir/protocol';
import type { Kysely } from 'kysely';
import { newestBuilds } from '../../store/newest-builds.ts';
import type { Database } from '../../store/schema.ts';
import { buildSummaryList } from '../read/summaries.ts';
import type { WaterfallAsk } from './waterfall-ask.ts';

/** A page shows so many builds at most: what is visible, and not all there is. */
const maxBuilds = 80;
/** Builds looked at for one page of older or chosen ones: the page may then be short, with more after it. */
const maxScanned = 2_000;

export interface BuildWindow {
  /** Newest first. */
  readonly builds: readonly ApiBuildSummary[];
  /** The id below which older builds are; null when there are none. */
  readonly older: number | null;
}

type Chosen = Pick<WaterfallAsk, 'worker' | 'result' | 'before'>;

/** The newest builds of some builders together, or the newest that are older than a given one. */
export async function readWindow(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
  chosen: Chosen,
): Promise<BuildWindow> {
  if (builders.length === 0) return { builds: [], older: null };
  const columns = await columnsOf(db, builders);
  const isNewest = Object.values(chosen).every((value) => value === undefined);
  const found = isNewest ? await newestIds(db, columns) : await scan(db, columns, chosen);
  const shown = found.ids.slice(0, maxBuilds);
  const isCut = found.ids.length > maxBuilds;
  const older = isCut ? (shown.at(-1) ?? null) : found.scannedTo;
  return { builds: await buildSummaryList(db, shown), older };
}

interface Found {
  /** Newest first; more than a page shows where there are more. */
  readonly ids: readonly number[];
  /** Where a scan that was cut goes on. */
  readonly scannedTo: number | null;
}

/** By the index of the builders' numbers, however long ago a builder built last. */
async function newestIds(db: Kysely<Database>, columns: readonly Column[]): Promise<Found> {
  const ask = { columns: ['id'], perBuilder: maxBuilds + 1 } as const;
  const rows = await newestBuilds(db, columns, ask);
  return { ids: rows.map(({ id }) => id).toSorted((a, b) => b - a), scannedTo: null };
}

/** From a build on backwards by id: nothing has an index by result, and a worker builds in many columns. */
async function scan(
  db: Kysely<Database>,
  columns: readonly Column[],
  { worker, result, before = Number.MAX_SAFE_INTEGER }: Chosen,
): Promise<Found> {
  const workerId = worker === undefined ? undefined : await workerIdOf(db, worker);
  const rows = await db
    .selectFrom('build')
    .select(['id', 'builder_id', 'result'])
    .where('id', '<', before)
    .$if(worker !== undefined, (query) => query.where('worker_id', '=', workerId ?? 0))
    .orderBy('id', 'desc')
    .limit(maxScanned)
    .execute();
  const ids = new Set(columns.map(({ id }) => id));
  const suits = rows.filter(
    (row) => ids.has(row.builder_id) && (result === undefined || row.result === result),
  );
  const last = rows.length === maxScanned ? rows.at(-1) : undefined;
  return { ids: suits.map(({ id }) => id), scannedTo: last?.id ?? null };
}

interface Column {
  readonly id: number;
  readonly next_number: number;
}

function columnsOf(db: Kysely<Database>, builders: readonly ApiBuilder[]): Promise<Column[]> {
  const names = builders.map(({ name }) => name);
  return db
    .selectFrom('builder')
    .select(['id', 'next_number'])
    .where('name', 'in', names)
    .execute();
}

async function workerIdOf(db: Kysely<Database>, name: string): Promise<number | undefined> {
  const query = db.selectFrom('worker').select('id').where('name', '=', name);
  return (await query.executeTakeFirst())?.id;
}
