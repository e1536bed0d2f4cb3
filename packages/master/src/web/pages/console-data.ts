import { isConclusive, trunkName } from '@weir/model';
import type { ConsoleBuild, ConsoleCell } from '@weir/model/layout';
import { layConsole } from '@weir/model/layout';
import type { ApiBuildSummary, ApiBuilder, ApiChange } from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { FarmRules } from '../../command.ts';
import type { Database } from '../../store/schema.ts';
import { listBuilders } from '../read/builders.ts';
import { latestBuilds } from '../read/builds.ts';
import { listChanges } from '../read/changes.ts';
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
  const changes = await changesOf(db, [trunk, ...projectsOf(builders)], ask.limit);
  const ids = await idsOf(db, builders);
  const summaries = await latestBuilds(db, [...ids.values()], ask.limit * buildsPerChange);
  const places = await placesOf(db, summaries);
  const built = Map.groupBy(summaries, ({ builder }) => builder);
  const columns = builders.map((builder) => ({
    trunk,
    project: builder.project,
    builds: (built.get(builder.name) ?? []).flatMap((build) => toConsole(build, places)),
  }));
  return {
    ask: { ...ask, trunk },
    trunks,
    builders,
    changes,
    cells: layConsole(changes, columns),
    builds: new Map(summaries.map((build) => [build.id, build])),
    isCut: next !== null,
  };
}

/** The newest changes of these branches together. */
async function changesOf(
  db: Kysely<Database>,
  branches: readonly string[],
  limit: number,
): Promise<ApiChange[]> {
  const pages = await Promise.all(branches.map((branch) => listChanges(db, { branch, limit })));
  return pages
    .flatMap(({ items }) => items)
    .toSorted((a, b) => b.seenAt - a.seenAt || b.id - a.id)
    .slice(0, limit);
}

function toConsole(
  { id, request, state, result }: ApiBuildSummary,
  places: ReadonlyMap<number, Place>,
): ConsoleBuild[] {
  const place = places.get(request);
  const speaks = state !== 'finished' || (result !== null && isConclusive(result));
  return place === undefined ? [] : [{ id, ...place, speaks }];
}

interface Place {
  readonly upstream: number;
  readonly project: number | null;
}

/** Where the revisions of the builds' requests are on their branches, by request. */
async function placesOf(
  db: Kysely<Database>,
  builds: readonly ApiBuildSummary[],
): Promise<Map<number, Place>> {
  const ids = builds.map(({ request }) => request);
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

async function idsOf(
  db: Kysely<Database>,
  builders: readonly ApiBuilder[],
): Promise<Map<string, number>> {
  const names = builders.map(({ name }) => name);
  if (names.length === 0) return new Map();
  const rows = await db
    .selectFrom('builder')
    .select(['id', 'name'])
    .where('name', 'in', names)
    .execute();
  return new Map(rows.map(({ id, name }) => [name, id]));
}
