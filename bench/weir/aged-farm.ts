import { performance } from 'node:perf_hooks';
import { round, waitQuiet } from '../measures.ts';
import { BenchFarm } from './bench-farm.ts';
import type { History } from './history.ts';
import { fillHistory } from './history.ts';

export interface AgedFarm {
  readonly farm: BenchFarm;
  readonly history: History;
  /** How long it took to write the history. */
  readonly fillS: number;
}

/** A farm that runs over a history: so many builders, the first for the runtime, each with so many builds. */
export async function startAgedFarm(builders: number, perBuilder: number): Promise<AgedFarm> {
  const projects = Array.from({ length: builders - 1 }, (_, n) => `p${String(n).padStart(3, '0')}`);
  const steps = Object.fromEntries(projects.map((project) => [project, 'true']));
  await using disposing = new AsyncDisposableStack();
  const farm = disposing.use(await BenchFarm.create({ steps }));
  await farm.startMaster();
  await farm.cancelFirstRequests();
  await farm.stopMaster();
  const began = performance.now();
  const history = await fillHistory(farm.dataDir, perBuilder);
  const fillS = round((performance.now() - began) / 1_000, 1);
  await farm.startMaster();
  await waitQuiet(farm.pid);
  disposing.move();
  return { farm, history, fillS };
}
