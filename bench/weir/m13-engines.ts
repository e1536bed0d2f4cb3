import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile, Report, round, until } from '../measures.ts';
import { EngineLoad } from './engine-load.ts';
import { EnginesFarm } from './engines-farm.ts';
import { childCpuSeconds, machineCpuSeconds } from './processor-use.ts';

export interface Engines {
  readonly rounds: number;
  readonly builders: number;
  /** Processors that each engine may use. */
  readonly share: number;
  /** Of all engines together, with one slot each. */
  readonly workers: number;
  /** Written before any build begins; more than are built. */
  readonly requests: number;
  /** So many by each engine, before it is limited: what is compiled at run time is compiled then. */
  readonly warmUpBuilds: number;
  /** From when it is limited to when it is measured. */
  readonly settleSeconds: number;
  readonly seconds: number;
}

const cases = ['one-engine', 'two-engines'] as const;

/**
 * M13: how much more two engines do than one, each with the same part of a processor: builds that do
 * nothing, of a queue that never runs dry, for workers in this process. PostgreSQL and Redis are not
 * limited.
 */
export async function m13Engines(name: string, options: Engines): Promise<void> {
  const whole = new Report('weir', name, { ...options });
  const rates = cases.map((): number[] => []);
  for (let n = 0; n < options.rounds; n++) {
    for (const [index, each] of cases.entries()) {
      const label = name === 'main' ? each : `${each}-${name}`;
      const report = new Report('weir', label, { ...options, engines: index + 1 });
      const { rate, ...params } = await measure(index + 1, options);
      report.emit('m13.builds_per_s', rate, 'builds/s', params);
      rates[index]?.push(rate);
    }
  }
  const [one = [], two = []] = rates;
  const ratio = percentile(two, 50) / percentile(one, 50);
  const each = two.map((rate, n) => round(rate / (one[n] ?? Number.NaN), 2));
  whole.emit('m13.two_engines_ratio', ratio, 'times', { each });
}

interface Measured {
  readonly rate: number;
  readonly [param: string]: unknown;
}

async function measure(engines: number, options: Engines): Promise<Measured> {
  const { builders, share, workers, requests, warmUpBuilds, settleSeconds, seconds } = options;
  const projects = Array.from({ length: builders }, (_, n) => `p${n}`);
  await using farm = await EnginesFarm.start(engines, projects);
  using load = await EngineLoad.join(farm.engines, workers);
  await farm.force(requests, projects);
  await load.buildRuntimes();
  load.start();
  const isWarm = (): true | undefined =>
    load.confirmed.every((builds) => builds >= warmUpBuilds) || undefined;
  await until('the builds that warm up', isWarm);
  // From here on nobody asks the web role for anything, which is a thread of each engine.
  for (const { quota } of farm.engines) quota.limit(share);
  await sleep(settleSeconds * 1_000);
  const before = observe(farm, load);
  await sleep(seconds * 1_000);
  const after = observe(farm, load);
  load.stop();
  const { waiting, finished, notGreen } = await farm.counts();
  if (waiting < workers) throw new Error('the queue ran dry: more requests are needed');
  if (notGreen > 0) throw new Error(`${notGreen} builds did not succeed`);
  if (finished < sum(load.confirmed)) throw new Error('a build was confirmed that is not stored');
  return told(before, after);
}

/** What was used and done until now. Times are seconds. */
interface Seen {
  readonly at: number;
  readonly done: readonly number[];
  readonly engineCpu: readonly number[];
  readonly periods: readonly number[];
  readonly throttled: readonly number[];
  readonly loadCpu: number;
  readonly postgresCpu: number;
  readonly redisCpu: number;
  /** Of the whole machine. */
  readonly allCpu: number;
}

function observe({ engines }: EnginesFarm, load: EngineLoad): Seen {
  const throttling = engines.map(({ quota }) => quota.throttling());
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now() / 1_000,
    done: [...load.confirmed],
    engineCpu: engines.map((engine) => engine.cpuSeconds()),
    periods: throttling.map(({ periods }) => periods),
    throttled: throttling.map(({ throttled }) => throttled),
    loadCpu: (user + system) / 1e6,
    postgresCpu: childCpuSeconds('postgres'),
    redisCpu: childCpuSeconds('redis-server'),
    allCpu: machineCpuSeconds(),
  };
}

/** Processors are means over the time between. */
function told(before: Seen, after: Seen): Measured {
  const took = after.at - before.at;
  const grown = (of: (seen: Seen) => readonly number[]): number[] =>
    of(after).map((value, n) => value - (of(before)[n] ?? 0));
  const perSecond = (value: number): number => round(value / took, 3);
  const done = grown((seen) => seen.done);
  const periods = grown((seen) => seen.periods);
  const cpu = grown((seen) => seen.engineCpu);
  const [load, postgres, redis, all] = [
    after.loadCpu - before.loadCpu,
    after.postgresCpu - before.postgresCpu,
    after.redisCpu - before.redisCpu,
    after.allCpu - before.allCpu,
  ];
  return {
    rate: sum(done) / took,
    builds_per_s_each: done.map(perSecond),
    engine_processors: cpu.map(perSecond),
    engine_cpu_ms_per_build: round((sum(cpu) * 1_000) / sum(done), 2),
    throttled_pct: grown((seen) => seen.throttled).map((n, i) =>
      round((n / (periods[i] ?? 0)) * 100, 0),
    ),
    load_processors: perSecond(load),
    postgres_processors: perSecond(postgres),
    redis_processors: perSecond(redis),
    // What is no part of this: it should be next to nothing.
    other_processors: perSecond(all - sum(cpu) - load - postgres - redis),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
