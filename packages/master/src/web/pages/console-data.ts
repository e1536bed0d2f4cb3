import { isConclusive, trunkName } from '@weir/model';
import type { ConsoleBuild, ConsoleCell } from '@weir/model/layout';
import { layConsole } from '@weir/model/layout';
import type { ApiBuildSummary, ApiBuilder, ApiChange } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import { newestBuilds } from '../../store/newest-builds.ts';
import type { Database } from '../../store/schema.ts';
import { listBuilders } from '../read/builders.ts';
import { newestChangesOf } from '../read/changes.ts';
import { buildSummaries } from '../read/summaries.ts';
import type { ConsoleAsk } from './console-ask.ts';

export interface ConsoleView {
  readonly ask: ConsoleAsk;
  /** Every trunk of the farm, to choose from. */
  readonly trunks: readonly string[];
  readonly builders: readonly ApiBuilder[];
  /** Newest first. */
  readonly changes: readonly ApiChange[];
  /** By change and builder. */
  readonly cells: readonly (readonly (ConsoleCell | undefined)[])[];
  readonly builds: ReadonlyMap<number, ApiBuildSummary>;
  readonly isCut: boolean;
}

const maxColumns = 60;
/** A change may be built more than once: after a flake, or for several workers. */
const buildsPerChange = 3;

export async function readConsole(
  db: Kysely<Database>,
  rules: FarmRules,
  ask: ConsoleAsk,
  now: number,
): Promise<ConsoleView> {
  const trunks = await trunksOf(db);
  const trunk = ask.trunk ?? trunks[0] ?? '';
  const [upstream, name] = trunk.split('/');
  const filter = { upstream, trunk: name, project: ask.project, limit: maxColumns };
  const { items: builders, next } = await listBuilders(db, rules, filter, now);
  const branches = [trunk, ...projectsOf(builders)];
  const changes = await newestChangesOf(
    db,
    new Map(branches.map((branch) => [branch, { after: 0, upTo: Number.MAX_SAFE_INTEGER }])),
    ask.limit,
  );
  const columns = await columnsOf(db, builders, ask.limit * buildsPerChange);
  const cells = layConsole(
    changes,
    columns.map((builds, column) => {
      return { trunk, project: builders[column]?.project ?? null, builds };
    }),
  );
  // Of hundreds that were looked at, those that are shown.
  const shown = new Set(cells.flatMap((row) => row.flatMap((cell) => cell?.build ?? [])));
  return {
    ask: { ...ask, trunk },
    trunks,
    builders,
    changes,
    cells,
    builds: await buildSummaries(db, [...shown]),
    isCut: next !== null,
  };
}

/** The newest builds of each builder, at most so many, with the places of their revisions. */
async function columnsOf(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
  perBuilder: number,
): Promise<ConsoleBuild[][]> {
  const rows = await rowsOf(db, builders);
  const columns = ['id', 'builder_id', 'request_id', 'state', 'result'] as const;
  const builds = await newestBuilds(db, rows, { columns, perBuilder });
  const places = await placesOf(db, builds);
  const built = Map.groupBy(builds, (build) => build.builder_id);
  const ids = new Map(rows.map(({ id, name }) => [name, id]));
  return builders.map(({ name }) =>
    (built.get(ids.get(name) ?? 0) ?? []).flatMap(({ id, request_id, state, result }) => {
      const place = places.get(request_id);
      const speaks = state !== 'finished' || (result !== null && isConclusive(result));
      return place === undefined ? [] : [{ id, ...place, speaks }];
    }),
  );
}

interface Place {
  readonly upstream: number;
  readonly project: number | null;
}

/** Where the revisions of the builds' requests are on their branches, by request. */
async function placesOf(
  db: Kysely<Database>,
  builds: readonly { readonly request_id: number }[],
): Promise<Map<number, Place>> {
  const ids = builds.map((build) => build.request_id);
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('request')
    .select(['id', 'upstream_position as upstream', 'project_position as project'])
    .where('id', 'in', ids)
    .execute();
  return new Map(rows.map(({ id, upstream, project }) => [id, { upstream, project }]));
}

async function trunksOf(db: Kysely<Database>): Promise<string[]> {
  const rows = await db
    .selectFrom('builder')
    .select(['upstream', 'trunk'])
    .where('active', '=', 1)
    .orderBy('place')
    .execute();
  return [...new Set(rows.map(({ upstream, trunk }) => trunkName(upstream, trunk)))];
}

function projectsOf(builders: readonly ApiBuilder[]): string[] {
  return [...new Set(builders.flatMap(({ project }) => project ?? []))];
}

async function rowsOf(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
): Promise<{ id: number; name: string; next_number: number }[]> {
  const names = builders.map(({ name }) => name);
  if (names.length === 0) return [];
  return db
    .selectFrom('builder')
    .select(['id', 'name', 'next_number'])
    .where('name', 'in', names)
    .execute();
}
