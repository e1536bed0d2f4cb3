import { performance } from 'node:perf_hooks';
import { percentile, Report, round } from '../measures.ts';
import type { AgedFarm } from './aged-farm.ts';
import { startAgedFarm } from './aged-farm.ts';
import type { History } from './history.ts';

export interface Grown {
  readonly builders: number;
  /** Builds of each, in the farm that is young and in the one that is old. */
  readonly perBuilder: { readonly young: number; readonly old: number };
  /** Of each view, on each farm. */
  readonly runs: number;
}

/** Asked for before anything is timed. */
const warmUps = 20;

/**
 * M5 of two farms side by side: what more history makes of a view's time. They are asked in turn by an
 * admin, whose answers nobody shares, so that what else the machine does meets both alike.
 */
export async function m5Grown(name: string, options: Grown): Promise<void> {
  const { builders, perBuilder, runs } = options;
  const young = await startAgedFarm(builders, perBuilder.young);
  await using _young = young.farm;
  const old = await startAgedFarm(builders, perBuilder.old);
  await using _old = old.farm;
  const builds = { young: young.history.builds, old: old.history.builds };
  const report = new Report('weir', name, { builders, builds, runs });
  for (const [view, pathOf] of Object.entries(views)) {
    for (let n = 0; n < warmUps; n++) await Promise.all([time(young, pathOf), time(old, pathOf)]);
    const times: { young: number[]; old: number[] } = { young: [], old: [] };
    for (let n = 0; n < runs; n++) {
      times.young.push(await time(young, pathOf));
      times.old.push(await time(old, pathOf));
    }
    const youngMs = percentile(times.young, 50);
    const oldMs = percentile(times.old, 50);
    report.emit(`m5.${view}_grown_pct`, (oldMs / youngMs - 1) * 100, '%', {
      young_ms: round(youngMs, 2),
      old_ms: round(oldMs, 2),
    });
  }
}

type PathOf = (history: History) => string;

const views: Readonly<Record<string, PathOf>> = {
  waterfall: () => '/',
  console: () => '/console',
  matrix: () => '/matrix',
  builder: () => '/builders/lang/main/p000/here',
  build: ({ newest }) => `/builds/${newest}`,
  breakages: () => '/breakages',
  workers: () => '/workers',
  queue: () => '/queue',
  builders: () => '/api/v1/builders?limit=100',
  builds200: () => '/api/v1/builds?limit=200',
  builds40: () => '/api/v1/builds?limit=40',
  build_one: ({ newest }) => `/api/v1/builds/${newest}`,
};

/** Milliseconds until all of a view is here. */
async function time({ farm, history }: AgedFarm, pathOf: PathOf): Promise<number> {
  const start = performance.now();
  await farm.client.drain(pathOf(history));
  return performance.now() - start;
}
