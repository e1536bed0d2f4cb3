import type { GridRow } from '@weir/model/layout';
import { layWaterfall } from '@weir/model/layout';
import type {
  ApiBreakageSummary,
  ApiBuildSummary,
  ApiBuilder,
  ApiChange,
  ApiStep,
  ApiUpstream,
} from '@weir/protocol';
import type { Kysely } from 'kysely';
import type { LogReader } from '../../builds/logs/reader.ts';
import type { FarmRules } from '../../command.ts';
import type { BuilderRow } from '../../store/builders.ts';
import { activeBuilders } from '../../store/builders.ts';
import type { Database } from '../../store/schema.ts';
import { acceptedWorkers } from '../../store/workers.ts';
import { listBreakages } from '../read/breakages.ts';
import { listBuilders, readBuilder } from '../read/builders.ts';
import { readStepsOf } from '../read/steps.ts';
import { listUpstreams } from '../read/upstreams.ts';
import { readWindow } from './build-window.ts';
import type { WaterfallAsk } from './waterfall-ask.ts';
import { readWindowChanges } from './window-changes.ts';

export interface Waterfall {
  readonly ask: WaterfallAsk;
  readonly upstreams: readonly ApiUpstream[];
  readonly builders: readonly ApiBuilder[];
  readonly rows: readonly GridRow[];
  readonly builds: ReadonlyMap<number, GridBuildView>;
  readonly changes: ReadonlyMap<number, ApiChange>;
  /** The id below which older builds are; null when there are none. */
  readonly older: number | null;
  /** The newest open ones. */
  readonly breakages: { readonly items: readonly ApiBreakageSummary[]; readonly more: boolean };
  /** What the filters can be set to. */
  readonly choices: Choices;
  /** There are more builders than a page has columns. */
  readonly isCut: boolean;
}

export interface Choices {
  readonly upstream: readonly string[];
  readonly trunk: readonly string[];
  readonly project: readonly string[];
  readonly platform: readonly string[];
  readonly tier: readonly string[];
  readonly worker: readonly string[];
}

export interface GridBuildView {
  readonly build: ApiBuildSummary;
  readonly steps: readonly ApiStep[];
}

/** What is visible, and not all there is. */
const maxColumns = 60;
const maxBreakages = 5;

export async function readWaterfall(
  db: Kysely<Database>,
  logs: LogReader,
  rules: FarmRules,
  ask: WaterfallAsk,
  now: number,
): Promise<Waterfall> {
  const { listed, isCut } = await readColumns(db, rules, ask, now);
  const { worker, result, before } = ask;
  const { builds, older } = await readWindow(db, listed, { worker, result, before });
  const building = new Set(builds.map(({ builder }) => builder));
  const areChosen = worker !== undefined || result !== undefined;
  const builders = areChosen ? listed.filter(({ name }) => building.has(name)) : listed;
  const changes = await readWindowChanges(db, builders, builds, before === undefined);
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
  const broken = await listBreakages(db, { state: 'open', limit: maxBreakages });
  return {
    ask,
    breakages: { items: broken.items, more: broken.next !== null },
    choices: await readChoices(db),
    upstreams: await listUpstreams(db, rules, now),
    builders,
    rows,
    builds: await viewsOf(db, logs, builds),
    changes: new Map(changes.map((change) => [change.id, change])),
    older,
    isCut,
  };
}

async function readChoices(db: Kysely<Database>): Promise<Choices> {
  const builders = await activeBuilders(db);
  const workers = await acceptedWorkers(db);
  const values = (of: (builder: BuilderRow) => string | null): string[] => [
    ...new Set(builders.flatMap((builder) => of(builder) ?? [])),
  ];
  return {
    upstream: values(({ upstream }) => upstream),
    trunk: values(({ trunk }) => trunk),
    project: values(({ project }) => project),
    platform: values(({ platform }) => platform),
    tier: [...new Set(builders.map(({ tier }) => String(tier)))].toSorted(),
    worker: workers.map(({ name }) => name),
  };
}

/** The builders that are asked for, in the farm file's order. */
async function readColumns(
  db: Kysely<Database>,
  rules: FarmRules,
  ask: WaterfallAsk,
  now: number,
): Promise<{ listed: ApiBuilder[]; isCut: boolean }> {
  if (ask.builders.length > 0) {
    const names = ask.builders.slice(0, maxColumns);
    const named = await Promise.all(names.map((name) => readBuilder(db, rules, name, now)));
    const listed = named.filter((builder) => builder !== undefined);
    return { listed, isCut: ask.builders.length > maxColumns };
  }
  const { upstream, trunk, project, platform, tier } = ask;
  const verdict = ask.red ? 'red' : undefined;
  const filter = { upstream, trunk, project, platform, tier, verdict } as const;
  const page = { ...filter, limit: maxColumns, cursor: undefined };
  const { items, next } = await listBuilders(db, rules, page, now);
  return { listed: items, isCut: next !== null };
}

async function viewsOf(
  db: Kysely<Database>,
  logs: LogReader,
  builds: readonly ApiBuildSummary[],
): Promise<Map<number, GridBuildView>> {
  const ids = builds.map(({ id }) => id);
  const steps = await readStepsOf(db, logs, ids);
  return new Map(builds.map((build) => [build.id, { build, steps: steps.get(build.id) ?? [] }]));
}
