import type { GridRow } from '@weir/model/layout';
import { layWaterfall } from '@weir/model/layout';
import type { ApiBuildSummary, ApiBuilder, ApiChange, ApiStep, ApiUpstream } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LogReader } from '../../builds/logs/reader.ts';
import type { FarmRules } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import { listBuilders } from '../read/builders.ts';
import { latestBuilds } from '../read/builds.ts';
import { listChanges } from '../read/changes.ts';
import { readSteps } from '../read/steps.ts';
import { listUpstreams } from '../read/upstreams.ts';
import type { Paint } from './words.ts';
import { paintOf } from './words.ts';

/** Which columns, and from when on downward. */
export interface WaterfallAsk {
  readonly upstream?: string | undefined;
  readonly trunk?: string | undefined;
  readonly project?: string | undefined;
  readonly platform?: string | undefined;
  /** Builders named one by one. */
  readonly builders: readonly string[];
  /** Only builders that are not green. */
  readonly red: boolean;
}

export interface Waterfall {
  readonly upstreams: readonly ApiUpstream[];
  readonly builders: readonly ApiBuilder[];
  readonly rows: readonly GridRow[];
  readonly builds: ReadonlyMap<number, GridBuildView>;
  readonly changes: ReadonlyMap<number, ApiChange>;
  /** There are older builds than those shown. */
  readonly isCut: boolean;
}

export interface GridBuildView {
  readonly build: ApiBuildSummary;
  readonly steps: readonly ApiStep[];
  readonly paint: Paint;
}

/** A page shows so many columns and builds at most: what is visible, and not all there is. */
const maxColumns = 60;
const maxBuilds = 80;
const maxChanges = 60;

export async function readWaterfall(
  db: Kysely<Database>,
  logs: LogReader,
  rules: FarmRules,
  ask: WaterfallAsk,
  now: number,
): Promise<Waterfall> {
  const { upstream, trunk, project, platform } = ask;
  const page = { limit: maxColumns, cursor: undefined };
  const listed = await listBuilders(
    db,
    rules,
    { ...page, upstream, trunk, project, platform },
    now,
  );
  const builders = listed.items.filter(
    ({ name, verdict }) =>
      (ask.builders.length === 0 || ask.builders.includes(name)) &&
      (!ask.red || verdict !== 'green'),
  );
  const builds = await newestBuilds(db, builders);
  const oldest = builds.at(-1)?.startedAt ?? 0;
  const changes = await newestChanges(db, builders, builds.length < maxBuilds ? 0 : oldest);
  const column = new Map(builders.map(({ name }, index) => [name, index]));
  const rows = layWaterfall(
    builders.length,
    builds.map(({ id, builder, startedAt, finishedAt }) => ({
      id,
      column: column.get(builder) ?? 0,
      startedAt,
      finishedAt,
    })),
    changes,
  );
  const paints = paintBuilds(builds);
  const views = new Map<number, GridBuildView>();
  for (const build of builds) {
    const steps = await readSteps(db, logs, build.id);
    views.set(build.id, { build, steps, paint: paints.get(build.id) ?? 'exception' });
  }
  return {
    upstreams: await listUpstreams(db, rules, now),
    builders,
    rows,
    builds: views,
    changes: new Map(changes.map((change) => [change.id, change])),
    isCut: builds.length === maxBuilds || listed.next !== null,
  };
}

/** The newest builds of the columns together, newest first. */
async function newestBuilds(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
): Promise<ApiBuildSummary[]> {
  if (builders.length === 0) return [];
  const rows = await db
    .selectFrom('builder')
    .select('id')
    .where(
      'name',
      'in',
      builders.map(({ name }) => name),
    )
    .execute();
  const each = Math.max(5, Math.ceil((3 * maxBuilds) / builders.length));
  const ids = rows.map(({ id }) => id);
  return (await latestBuilds(db, ids, each))
    .toSorted((a, b) => b.startedAt - a.startedAt || b.id - a.id)
    .slice(0, maxBuilds);
}

/** Changes on the branches of the columns that are no older than the oldest build. */
async function newestChanges(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
  since: number,
): Promise<ApiChange[]> {
  const branches = new Set(
    builders.flatMap(({ upstream, trunk, project }) => [`${upstream}/${trunk}`, project ?? '']),
  );
  const { items } = await listChanges(db, { limit: maxChanges, cursor: undefined });
  return items.filter(({ branch, seenAt }) => branches.has(branch) && seenAt >= since);
}

/** A failure after a failure of the same builder is no news, and is painted so. */
function paintBuilds(builds: readonly ApiBuildSummary[]): Map<number, Paint> {
  const paints = new Map<number, Paint>();
  const lastFailed = new Map<string, boolean>();
  for (const build of builds.toSorted((a, b) => a.id - b.id)) {
    const paint = paintOf(build);
    const isAgain = paint === 'failure' && lastFailed.get(build.builder) === true;
    paints.set(build.id, isAgain ? 'again' : paint);
    if (paint === 'failure') lastFailed.set(build.builder, true);
    if (paint === 'success' || paint === 'warnings') lastFailed.set(build.builder, false);
  }
  return paints;
}
